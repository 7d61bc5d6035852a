import { kindOf } from "../kind.ts";
import { affiliateSpec } from "./affiliate-spec.ts";

/** The affiliates of the cluster, as the registries together tell them, and this node's own one. */
export const affiliates = kindOf({
  type: "Affiliates.cluster.talos.dev",
  namespace: "cluster",
  columns: { Hostname: "hostname", "Machine Type": "machineType", Addresses: "addresses" },
  inputs: ["RawAffiliates.kubespan"],
  description: "what each node of the cluster says about itself",
  draw: ({ pass, members }) => {
    const own = pass?.decision.announcement.own;
    const others = [...members.values()].flatMap((member) =>
      member.standing === "released" ? [] : member.claim,
    );
    return [...(own ? [own] : []), ...others].map((each) => ({ id: each.nodeId, spec: affiliateSpec(each) }));
  },
});
