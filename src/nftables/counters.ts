/** Packets that the table dropped, since it was made. */
export interface Dropped {
  /** Arrived outside the mesh, though they belong in it. */
  readonly outside: number;
  /** Came out of the tunnel for somebody whom this node does not speak for. */
  readonly tunnel: number;
  /** Would have entered the mesh with a source of this node, from where that source is not. */
  readonly entering: number;
  /** Was for the mesh, and would have left another way. */
  readonly leaving: number;
}

export type DropKind = keyof Dropped;

/** In the order in which they stand in the table. */
const kinds: readonly DropKind[] = ["outside", "tunnel", "entering", "leaving"];

const nameOf = (kind: DropKind): string => `kubespan_dropped_${kind}`;

export const dropRule = (kind: DropKind): string => `counter name "${nameOf(kind)}" drop`;

/** A counter's state, as nft writes it. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** By name. */
export type Counts = ReadonlyMap<string, Count>;

/** What a table that is replaced has counted is not forgotten: it is where the new one begins. */
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
