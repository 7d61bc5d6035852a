/** The mesh as a picture, in the languages of Graphviz and Mermaid, as SVG and as JSON. */
export { dotSketch, dotText } from "./dot.ts";
export { graphNode, graphOf } from "./graph.ts";
export { jsonSketch } from "./json.ts";
export { mermaidSketch } from "./mermaid.ts";
export { Pairs } from "./pairs.ts";
export { drawn } from "./sketch.ts";
export { svgSketch } from "./svg.ts";
