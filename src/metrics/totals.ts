import type { PeerReport } from "../api/index.ts";

const counted = ["receivedBytes", "sentBytes", "endpointChanges"] as const;

type Counts = Readonly<Record<(typeof counted)[number], number>>;

/**
 * What all peers together have counted. A sum over the peers of the moment would fall when a peer leaves, and whoever
 * computes a rate would take that for a counter that began anew.
 */
export interface Totals {
  readonly sums: Counts;
  /** The counts of each peer when it was last looked at, by its node id. */
  readonly seen: ReadonlyMap<string, Counts>;
}

const nothing: Counts = { receivedBytes: 0, sentBytes: 0, endpointChanges: 0 };

export const noTotals: Totals = { sums: nothing, seen: new Map() };

/** Adds what the peers have counted since they were last looked at. A count that fell has begun anew. */
export function withPeers({ sums, seen }: Totals, peers: readonly PeerReport[]): Totals {
  const next = { ...sums };
  for (const peer of peers) {
    const before = seen.get(peer.nodeId) ?? nothing;
    for (const name of counted)
      next[name] += peer[name] >= before[name] ? peer[name] - before[name] : peer[name];
  }
  return { sums: next, seen: new Map(peers.map((peer) => [peer.nodeId, countsOf(peer)])) };
}

const countsOf = ({ receivedBytes, sentBytes, endpointChanges }: PeerReport): Counts => ({
  receivedBytes,
  sentBytes,
  endpointChanges,
});
