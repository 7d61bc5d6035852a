/** STUN (RFC 8489), as far as it tells a node at which address and port its packets arrive elsewhere. */
export { bindingAnswer } from "./answer.ts";
export { bindingRequest, isStunMessage, magicCookie, mappedEndpoint, messageTypes } from "./message.ts";
