import { kindOf } from "../kind.ts";
import { ownersIn } from "../owners.ts";

export const targets = kindOf({
  type: "Targets.kubespan",
  namespace: "kubespan",
  columns: { Peers: "peers" },
  inputs: ["KubeSpanPeerSpecs.kubespan.talos.dev", "KubeSpanPeerStatuses.kubespan.talos.dev"],
  description: "the networks whose packets are sent into the mesh, and to whom",
  draw: ({ pass }) => {
    if (!pass) return [];
    const owners = ownersIn(pass.decision.specs.peers);
    return pass.decision.targets.map((target) => ({ id: target, spec: { peers: owners(target) } }));
  },
});
