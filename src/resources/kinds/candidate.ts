import type { PeerReport } from "../../api/index.ts";
import type { Drawn } from "../kind.ts";
import { kindOf } from "../kind.ts";

/** The endpoints of each peer: those that may be dialled, the best one first, and those that are not, with the reasons. */
export const candidates = kindOf({
  type: "Candidates.kubespan",
  namespace: "kubespan",
  aliases: ["endpoint", "endpoints"],
  columns: {
    Label: "label",
    Endpoint: "endpoint",
    Kind: "kind",
    "Round Trip": "roundTripMs",
    "In Use": "inUse",
    Reason: "reason",
  },
  inputs: ["KubeSpanPeerSpecs.kubespan.talos.dev"],
  description: "the endpoints of each peer, with kind, round trip in ms and reason",
  draw: ({ status: { peers } }) => peers.flatMap(candidatesOf),
});

function candidatesOf({ label, publicKey, endpoint: used, ...peer }: PeerReport): Drawn[] {
  const dialled = peer.candidates.map(({ endpoint, kind, reason }, at) => ({
    endpoint,
    kind,
    rank: at + 1,
    ...(peer.roundTrips[endpoint] !== undefined && { roundTripMs: peer.roundTrips[endpoint] }),
    inUse: endpoint === used,
    reason,
  }));
  const refused = peer.refusedCandidates.map(({ value, reason }) => ({
    endpoint: value,
    kind: "refused",
    inUse: false,
    reason,
  }));
  const known = [...dialled, ...refused];
  const isElsewhere = used !== undefined && !known.some(({ endpoint }) => endpoint === used);
  const roamed = isElsewhere
    ? [{ endpoint: used, kind: "observed", inUse: true, reason: "the peer sends from there" }]
    : [];
  return [...known, ...roamed].map((each) => ({
    id: `${publicKey}/${each.endpoint}`,
    spec: { label, ...each },
  }));
}
