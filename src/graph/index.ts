/** The mesh as a picture, in the languages of Graphviz and Mermaid, and as SVG. */
export { dotOf, dotText } from "./dot.ts";
export { graphOf } from "./graph.ts";
export { mermaidOf } from "./mermaid.ts";
export { svgOf } from "./svg.ts";
