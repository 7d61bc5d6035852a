export { Carriage, type Line } from "./carriage.ts";
export { carriageLimits, isPacketSize, type Packet } from "./limits.ts";
export { Outbox } from "./outbox.ts";
