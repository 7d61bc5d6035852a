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
  /** The packets for the mesh with a source that no peer accepts from this node, and that could get no other. */
  readonly unaccepted: number;
}

/** What the table counted since it was first made. */
export interface Counted {
  readonly dropped: Dropped;
  /** The connections into the mesh that got an address of this node, because no peer accepts their own source. */
  readonly masqueraded: number;
}

export type DropKind = keyof Dropped;

/** The kinds in the order in which their counters stand in the table. */
const kinds: readonly DropKind[] = ["outside", "tunnel", "entering", "leaving", "unaccepted"];

const nameOf = (kind: DropKind): string => `kubespan_dropped_${kind}`;

export const dropRule = (kind: DropKind): string => `counter name "${nameOf(kind)}" drop`;

type CountKind = "masqueraded";

/** The names of all counters, in their order in the table. */
const names: readonly string[] = [...kinds.map(nameOf), "kubespan_masqueraded"];

export const countRule = (kind: CountKind): string => `counter name "kubespan_${kind}"`;

/** The state of a counter, as nft writes it. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** The states of counters by their names. */
export type Counts = ReadonlyMap<string, Count>;

/** The counters of a table, as text. What a replaced table has counted is not forgotten: the counters go on from there. */
export const counterTexts = (before: Counts): string[] =>
  names.map((name) => {
    const { packets, bytes } = before.get(name) ?? { packets: 0n, bytes: 0n };
    return `\tcounter ${name} {\n\t\tpackets ${packets} bytes ${bytes}\n\t}\n`;
  });

export const countedIn = (counts: Counts): Counted => {
  const packets = (name: string): number => Number(counts.get(name)?.packets ?? 0n);
  const dropped = (kind: DropKind): number => packets(nameOf(kind));
  return {
    dropped: {
      outside: dropped("outside"),
      tunnel: dropped("tunnel"),
      entering: dropped("entering"),
      leaving: dropped("leaving"),
      unaccepted: dropped("unaccepted"),
    },
    masqueraded: packets("kubespan_masqueraded"),
  };
};
