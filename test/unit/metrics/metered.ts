import type { PeerReport, Status } from "../../../src/api/index.ts";
import { type Metered, noPasses, noTotals, withPass, withPeers } from "../../../src/metrics/index.ts";
import { peer, status } from "../cli/status-values.ts";
import { endpoint, prefix } from "../mesh/values.ts";

const at = endpoint("203.0.113.2:51820");

/** A node with a peer that is up, one that is reached through another, and one that is down. */
export const peers: readonly PeerReport[] = [
  peer(2, {
    label: "b",
    endpoint: at,
    way: { kind: "direct" },
    roundTrips: { [at]: 12.5 },
    allowedIPs: [prefix("10.244.2.0/24")],
    receivedBytes: 1000,
    sentBytes: 2000,
  }),
  peer(3, {
    label: "c",
    way: { kind: "relayed", via: "b" },
    suspected: true,
    receivedBytes: 30,
    sentBytes: 40,
  }),
  { ...peer(4, { label: "d", state: "down", asked: 7, answered: 1, receivedBytes: 0, sentBytes: 0 }) },
];

export function metered(more: Partial<Status> = {}): Metered {
  const base = status();
  const all = status({
    node: { ...base.node, startedAt: "2001-09-09T01:46:40.000Z" },
    peers,
    registries: [
      { name: "first", location: "http://first", phase: "connected", affiliates: 3, refused: [] },
      {
        name: "second",
        location: "http://second",
        phase: "connecting",
        error: "refused",
        affiliates: 0,
        refused: [],
      },
      {
        name: "members",
        location: "members.json",
        phase: "cached",
        ageSeconds: 5,
        affiliates: 3,
        refused: [],
      },
    ],
    repairs: { table: 2, routing: 0, link: 0, settings: 0 },
    dropped: { outside: 5, tunnel: 0, entering: 0, leaving: 0, unaccepted: 0 },
    ...more,
  });
  return {
    status: all,
    passes: withPass(noPasses, "everything", 0.25, true),
    totals: withPeers(noTotals, all.peers),
    process: { residentBytes: 1e8, cpuSeconds: 1.5 },
    now: 1_000_000_100_000,
  };
}
