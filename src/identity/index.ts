export { clusterPrefix, kubespanAddress } from "./address.ts";
export type { Identity, Random } from "./identity.ts";
export { decodeKey } from "./key.ts";
