/** The packets that the table dropped since it was first made, by reason. */
export interface Dropped {
  /** The packets that arrived outside the mesh, though they belong in it. */
  readonly outside: number;
  /** The packets that came out of the tunnel for a destination that this node does not speak for. */
  readonly tunnel: number;
  /** The packets that would have entered the mesh with a source of this node, from a link where that source is not. */
  readonly entering: number;
  /** The packets for the mesh that would have left another way. */
  readonly leaving: number;
}

export type DropKind = keyof Dropped;

/** The kinds in the order in which their counters stand in the table. */
const kinds: readonly DropKind[] = ["outside", "tunnel", "entering", "leaving"];

const nameOf = (kind: DropKind): string => `kubespan_dropped_${kind}`;

export const dropRule = (kind: DropKind): string => `counter name "${nameOf(kind)}" drop`;

/** The state of a counter, as nft writes it. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** The states of counters by their names. */
export type Counts = ReadonlyMap<string, Count>;

/** The counters of a table, as text. What a replaced table has counted is not forgotten: the counters go on from there. */
export const counterTexts = (before: Counts): string[] =>
  kinds.map((kind) => {
    const { packets, bytes } = before.get(nameOf(kind)) ?? { packets: 0n, bytes: 0n };
    return `\tcounter ${nameOf(kind)} {\n\t\tpackets ${packets} bytes ${bytes}\n\t}\n`;
  });

export const droppedIn = (counts: Counts): Dropped => {
  const packets = (kind: DropKind): number => Number(counts.get(nameOf(kind))?.packets ?? 0n);
  return {
    outside: packets("outside"),
    tunnel: packets("tunnel"),
    entering: packets("entering"),
    leaving: packets("leaving"),
  };
};
