export { heldToken, readAuthorityKey } from "./held-token.ts";
export { ownAddress } from "./own-address.ts";
export { type Reached, reach } from "./reach.ts";
export { readToken } from "./read-token.ts";
export { prepare, setUp } from "./set-up.ts";
export { type Start, startNode } from "./start.ts";
export { disableUnits, hasUnits, isActive, units } from "./units.ts";
export { waitForPeers } from "./wait-for-peers.ts";
export { waitForService } from "./wait-for-service.ts";
