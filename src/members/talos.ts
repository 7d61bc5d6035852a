import type { Affiliate } from "../discovery/index.ts";

/** Whether a node runs Talos, as far as it says so: such nodes name it as their system, and tell no membership. */
export const isTalosNode = ({ operatingSystem, membership }: Affiliate): boolean =>
  membership === undefined && /^Talos\b/.test(operatingSystem);
