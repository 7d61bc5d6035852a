export { KubernetesCluster } from "./cluster.ts";
export { nameOf, type Variant, variants } from "./plan.ts";
export { type Pod } from "./pods.ts";
export { formats, totals, written } from "./report.ts";
