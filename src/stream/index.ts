export { carriageLimits, isPacketSize, type Packet } from "./limits.ts";
export { Outbox } from "./outbox.ts";
