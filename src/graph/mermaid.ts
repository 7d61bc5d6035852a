import { printable } from "../base/index.ts";
import { edgeText, type Graph } from "./graph.ts";
import { longestLabel } from "./label.ts";
import { looks } from "./looks.ts";

/** The mesh in the language of Mermaid, which Markdown pages show as a picture. */
export function mermaidOf({ nodes, edges }: Graph): string {
  // Ids of their own, since a word of the language, such as `end`, must not be an id.
  const ids = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const lines = edges.map((edge) => {
    const text = edgeText(edge);
    const label = text === "" ? "" : `|"${escaped(text)}"|`;
    return `  ${ids.get(edge.from)} ${looks[edge.way].isBroken ? "-.-" : "---"}${label} ${ids.get(edge.to)}`;
  });
  const styles = edges.map(({ way }, at) => `  linkStyle ${at} stroke:${looks[way].colour}`);
  return `${[
    "graph LR",
    ...nodes.map(({ id, label, isSelf }) => {
      const text = `"${escaped(label)}"`;
      return `  ${ids.get(id)}${isSelf ? `([${text}])` : `[${text}]`}`;
    }),
    ...lines,
    ...styles,
  ].join("\n")}\n`;
}

/** A text within quotes: what has a meaning there, and in the HTML that becomes of it, is written by its number. */
const escaped = (text: string): string =>
  printable(text, longestLabel).replace(/["#&<>`\\]/g, (sign) => `#${sign.charCodeAt(0)};`);
