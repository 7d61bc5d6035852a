export { clusterPrefix, kubespanAddress } from "./address.ts";
export { type Identity, type Random, withNewKey } from "./identity.ts";
export { decodeKey, privateKeyFrom, publicKeyOf } from "./key.ts";
export { machineTag } from "./machine.ts";
export { nodeIdFrom } from "./node-id.ts";
