import { kindOf } from "../kind.ts";

export const peerSpecs = kindOf({
  type: "KubeSpanPeerSpecs.kubespan.talos.dev",
  namespace: "kubespan",
  aliases: ["peerspec", "peerspecs"],
  columns: { Label: "label", Endpoints: "endpoints" },
  inputs: ["Members.cluster.talos.dev", "Configs.kubespan"],
  description: "the networks that are sent to each peer, and where to dial it",
  draw: ({ pass }) =>
    (pass?.decision.specs.peers ?? []).map(
      ({ publicKey, address, allowedIPs, endpoints, label, nodeId, refusedPrefixes, refusedCandidates }) => ({
        id: publicKey,
        spec: {
          address,
          allowedIPs,
          endpoints,
          label,
          nodeId,
          refusedPrefixes,
          refusedEndpoints: refusedCandidates,
        },
      }),
    ),
});
