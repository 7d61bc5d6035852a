import { kindOf } from "../kind.ts";
import type { Seen } from "../seen.ts";
import { affiliateSpec } from "./affiliate-spec.ts";

const shared = {
  namespace: "cluster-raw",
  columns: {
    Registry: "registry",
    Hostname: "hostname",
    "Machine Type": "machineType",
    Addresses: "addresses",
  },
  inputs: ["Registries.kubespan"],
  description: "what each registry tells of each node",
  draw: ({ raw }: Seen) =>
    raw.flatMap(({ registry, affiliates }) =>
      affiliates.map((each) => ({
        id: `${registry}/${each.nodeId}`,
        spec: { registry, ...affiliateSpec(each) },
      })),
    ),
};

/** The affiliates by registry. */
export const rawAffiliates = kindOf({ type: "RawAffiliates.kubespan", aliases: ["raw"], ...shared });

/** The affiliates by registry, where Talos has them: under the type of the others, in a namespace of their own. */
export const talosRawAffiliates = kindOf({ type: "Affiliates.cluster.talos.dev", ...shared });
