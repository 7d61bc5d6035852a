/** Who is a member of the mesh, what each is granted, and what is published of others. */
export { emptyHarvest, type Harvest, harvest, turnDueIn } from "./harvest.ts";
export { type MemberNetworks, memberNetworks } from "./kinds.ts";
export { meshNetworks, type OwnSide, type PeerSpecs, peerSpecs } from "./specs.ts";
