import type { Edge, Graph, GraphNode } from "./graph.ts";

/** A picture that is written while ways become known. All nodes are known from the beginning. */
export interface Sketch {
  readonly head: string;
  readonly edge: (edge: Edge) => string;
  readonly tail: string;
}

/** Writes a whole picture at once. */
export function drawn({ nodes, edges }: Graph, sketch: (nodes: readonly GraphNode[]) => Sketch): string {
  const { head, edge, tail } = sketch(nodes);
  return [head, ...edges.map(edge), tail].join("");
}
