import { printable } from "../base/index.ts";
import { edgeText, type Graph } from "./graph.ts";
import { longestLabel } from "./label.ts";
import { looks } from "./looks.ts";

interface DotNode {
  readonly id: string;
  readonly attributes?: Attributes;
}

interface DotEdge {
  readonly from: string;
  readonly to: string;
  readonly attributes?: Attributes;
}

type Attributes = Readonly<Record<string, string>>;

/** Writes a graph in the language of Graphviz; lines have arrow heads in a directed one. */
export function dotText(
  name: string,
  nodes: readonly DotNode[],
  edges: readonly DotEdge[],
  isDirected: boolean,
): string {
  const [kind, line] = isDirected ? ["digraph", "->"] : ["graph", "--"];
  const lines = new Set([
    ...nodes.map(({ id, attributes }) => `  ${quoted(id)}${listOf(attributes)};`),
    ...edges.map(
      ({ from, to, attributes }) => `  ${quoted(from)} ${line} ${quoted(to)}${listOf(attributes)};`,
    ),
  ]);
  return `${kind} ${quoted(name)} {\n  rankdir=LR;\n  node [shape=box];\n${[...lines].join("\n")}\n}\n`;
}

/** The mesh in the language of Graphviz. */
export const dotOf = ({ nodes, edges }: Graph): string =>
  dotText(
    "mesh",
    nodes.map(({ id, label, isSelf }) => ({
      id,
      attributes: { label: printable(label, longestLabel), ...(isSelf && { style: "bold" }) },
    })),
    edges.map((edge) => {
      const { colour, isBroken } = looks[edge.way];
      const label = printable(edgeText(edge), longestLabel);
      const style = isBroken ? { style: "dashed" } : {};
      return {
        from: edge.from,
        to: edge.to,
        attributes: { color: colour, ...(label && { label }), ...style },
      };
    }),
    false,
  );

const listOf = (attributes: Attributes | undefined): string =>
  attributes
    ? ` [${Object.entries(attributes)
        .map(([key, value]) => `${key}=${quoted(value)}`)
        .join(", ")}]`
    : "";

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`;
