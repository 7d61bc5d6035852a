import { kindOf } from "../kind.ts";

/** This node's identity in the mesh. The private key is not shown. */
export const kubespanIdentities = kindOf({
  type: "KubeSpanIdentities.kubespan.talos.dev",
  namespace: "kubespan",
  columns: { Address: "address", "Public Key": "publicKey" },
  inputs: ["Identities.cluster.talos.dev", "Configs.kubespan"],
  description: "this node's KubeSpan address and public key",
  draw: ({ self: { address, clusterPrefix, publicKey } }) => [
    { id: "local", spec: { address, subnet: clusterPrefix, privateKey: "[secret]", publicKey } },
  ],
});
