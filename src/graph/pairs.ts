import type { MatrixLine } from "../api/index.ts";
import type { Edge } from "./graph.ts";

/** The ways from the best to the worst. */
const ranks = ["direct", "mapped", "guessed", "relayed", "carried", "none"] as const;

/**
 * The ways between pairs of nodes, of which each node tells its side. A pair is one line of a picture, which shows the worse of
 * the two sides: a way that carries nothing back is of no use.
 */
export class Pairs {
  readonly #told = new Map<string, Edge>();

  /** Takes the ways that one node tells, and gives those of pairs of which both sides are told now. */
  take({ from, cells }: Extract<MatrixLine, { cells: unknown }>): readonly Edge[] {
    return cells.flatMap(({ to, way, via, roundTripMs }) => {
      // The other node may be one that the node that draws does not know.
      if (to.nodeId === undefined) return [];
      const edge: Edge = {
        from: from.nodeId,
        to: to.nodeId,
        way,
        ...(via !== undefined && { via }),
        ...(roundTripMs !== undefined && { roundTripMs }),
      };
      const pair = [edge.from, edge.to].toSorted().join(" ");
      const other = this.#told.get(pair);
      if (!other) {
        this.#told.set(pair, edge);
        return [];
      }
      this.#told.delete(pair);
      return [worse(other, edge)];
    });
  }

  /** Gives the pairs of which one side alone was told. */
  rest(): readonly Edge[] {
    return [...this.#told.values()];
  }
}

function worse(one: Edge, other: Edge): Edge {
  const [first, second] = [ranks.indexOf(one.way), ranks.indexOf(other.way)];
  if (first !== second) return first > second ? one : other;
  return (one.roundTripMs ?? 0) >= (other.roundTripMs ?? 0) ? one : other;
}
