export { KubernetesCluster } from "./cluster.ts";
export { ControlPlane, type Replica } from "./control-plane.ts";
export { Flannel } from "./flannel.ts";
export { NodePrograms } from "./node-programs.ts";
export { addressOf, type Family, familiesOf, nameOf, nodeNames, type Variant, variants } from "./plan.ts";
export { type Pod } from "./pods.ts";
export { forget, killAll } from "./power.ts";
export { formats, totals, written } from "./report.ts";
