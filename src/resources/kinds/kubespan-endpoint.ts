import { kindOf } from "../kind.ts";

/** The endpoints at which peers that are up are seen, as Talos lists them. */
export const kubespanEndpoints = kindOf({
  type: "KubeSpanEndpoints.kubespan.talos.dev",
  namespace: "kubespan",
  columns: { Endpoint: "endpoint", "Affiliate ID": "affiliateId" },
  inputs: ["KubeSpanPeerStatuses.kubespan.talos.dev"],
  description: "the endpoints from which peers that are up send",
  draw: ({ status: { peers } }) =>
    peers.flatMap(({ publicKey, state, endpoint, nodeId }) =>
      state === "up" && endpoint !== undefined
        ? [{ id: publicKey, spec: { affiliateId: nodeId, endpoint } }]
        : [],
    ),
});
