import { printable } from "../base/index.ts";
import { alone, edgeText, type GraphNode, sitesOf } from "./graph.ts";
import { longestLabel } from "./label.ts";
import { looks } from "./looks.ts";
import type { Sketch } from "./sketch.ts";

/** The mesh in the language of Mermaid, which Markdown pages show as a picture, with a frame around each site. */
export function mermaidSketch(nodes: readonly GraphNode[]): Sketch {
  // Ids of their own, since a word of the language, such as `end`, must not be an id.
  const ids = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const boxOf = ({ id, label, isSelf }: GraphNode): string => {
    const text = `"${escaped(label)}"`;
    return `  ${ids.get(id)}${isSelf ? `([${text}])` : `[${text}]`}\n`;
  };
  let edges = 0;
  return {
    head: [
      "graph LR\n",
      ...alone(nodes).map(boxOf),
      ...sitesOf(nodes).flatMap(({ name, nodes: there }, at) => [
        `  subgraph s${at}["${escaped(name)}"]\n`,
        ...there.map(boxOf),
        "  end\n",
      ]),
    ].join(""),
    edge: (edge) => {
      const text = edgeText(edge);
      const label = text === "" ? "" : `|"${escaped(text)}"|`;
      const { colour, isBroken } = looks[edge.way];
      const line = `  ${ids.get(edge.from)} ${isBroken ? "-.-" : "---"}${label} ${ids.get(edge.to)}\n`;
      return `${line}  linkStyle ${edges++} stroke:${colour}\n`;
    },
    tail: "",
  };
}

/** A text within quotes: what has a meaning there, and in the HTML that becomes of it, is written by its number. */
const escaped = (text: string): string =>
  printable(text, longestLabel).replace(/["#&<>`\\]/g, (sign) => `#${sign.charCodeAt(0)};`);
