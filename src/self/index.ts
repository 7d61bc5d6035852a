/** What this node says of itself: one file for each source of its endpoints and networks. */
export { ownAffiliate, type Self } from "./announce.ts";
export { fitted, fittingOf } from "./fit.ts";
export { announcedNames, type HostNameAnswer } from "./host-names.ts";
export { believeMapped } from "./mapped.ts";
export type { Nat, NatKind } from "./nat.ts";
export { nextNumber, numbered, type Origin, type Said } from "./numbered.ts";
export { advertiseTheSame, podNetworksLeftOut, withPodNetworks } from "./pod-networks.ts";
export { believePortMapping } from "./port-mapped.ts";
export { believeReflected, type Reflected, type RouteOf } from "./reflected.ts";
export { sharedEndpointWarnings } from "./shared-endpoints.ts";
