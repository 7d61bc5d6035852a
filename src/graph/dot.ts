import { printable } from "../base/index.ts";
import { alone, edgeText, type GraphNode, sitesOf } from "./graph.ts";
import { longestLabel } from "./label.ts";
import { looks } from "./looks.ts";
import type { Sketch } from "./sketch.ts";

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
  const lines = new Set([...nodes.map(nodeLine), ...edges.map((edge) => edgeLine(edge, isDirected))]);
  return `${headOf(name, isDirected)}${[...lines].join("")}}\n`;
}

const headOf = (name: string, isDirected: boolean): string =>
  `${isDirected ? "digraph" : "graph"} ${quoted(name)} {\n  rankdir=LR;\n  node [shape=box];\n`;

const nodeLine = ({ id, attributes }: DotNode): string => `  ${quoted(id)}${listOf(attributes)};\n`;

const edgeLine = ({ from, to, attributes }: DotEdge, isDirected: boolean): string =>
  `  ${quoted(from)} ${isDirected ? "->" : "--"} ${quoted(to)}${listOf(attributes)};\n`;

/** The mesh in the language of Graphviz, with a frame around each site. */
export const dotSketch = (nodes: readonly GraphNode[]): Sketch => ({
  head: [
    headOf("mesh", false),
    ...alone(nodes).map(boxOf),
    ...sitesOf(nodes).flatMap(({ name, nodes: there }, at) => [
      `  subgraph ${quoted(`cluster_${at}`)} {\n  label=${quoted(printable(name, longestLabel))};\n`,
      ...there.map(boxOf),
      "  }\n",
    ]),
  ].join(""),
  edge: (edge) => {
    const { colour, isBroken } = looks[edge.way];
    const label = printable(edgeText(edge), longestLabel);
    const style = isBroken ? { style: "dashed" } : {};
    const attributes = { color: colour, ...(label && { label }), ...style };
    return edgeLine({ from: edge.from, to: edge.to, attributes }, false);
  },
  tail: "}\n",
});

const boxOf = ({ id, label, isSelf }: GraphNode): string =>
  nodeLine({
    id,
    attributes: { label: printable(label, longestLabel), ...(isSelf && { style: "bold" }) },
  });

const listOf = (attributes: Attributes | undefined): string =>
  attributes
    ? ` [${Object.entries(attributes)
        .map(([key, value]) => `${key}=${quoted(value)}`)
        .join(", ")}]`
    : "";

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`;
