import { kindOf } from "../kind.ts";

/** The endpoints at which peers that are up are seen, as Talos lists them. That of a relay is no endpoint of the peer behind it. */
export const kubespanEndpoints = kindOf({
  type: "KubeSpanEndpoints.kubespan.talos.dev",
  namespace: "kubespan",
  columns: { Endpoint: "endpoint", "Affiliate ID": "affiliateId" },
  inputs: ["KubeSpanPeerStatuses.kubespan.talos.dev"],
  description: "the endpoints from which peers that are up send",
  draw: ({ status: { peers } }) =>
    peers.flatMap(({ publicKey, state, endpoint, way, nodeId }) =>
      state === "up" && endpoint !== undefined && ["direct", "mapped"].includes(way?.kind ?? "direct")
        ? [{ id: publicKey, spec: { affiliateId: nodeId, endpoint } }]
        : [],
    ),
});
