export { clusterPrefix, kubespanAddress } from "./address.ts";
export { type Identity } from "./identity.ts";
export { decodeKey } from "./key.ts";
export { machineTag } from "./machine.ts";
