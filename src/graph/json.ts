import type { GraphNode } from "./graph.ts";
import type { Sketch } from "./sketch.ts";

/** The mesh as one JSON object, a line for each node and way. */
export function jsonSketch(nodes: readonly GraphNode[]): Sketch {
  let isFirst = true;
  return {
    head: `{"nodes":[\n${nodes.map((node) => JSON.stringify(node)).join(",\n")}\n],"edges":[\n`,
    edge: (edge) => {
      const separator = isFirst ? "" : ",\n";
      isFirst = false;
      return separator + JSON.stringify(edge);
    },
    tail: "\n]}\n",
  };
}
