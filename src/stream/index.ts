export { Carriage, type Line } from "./carriage.ts";
export { bufferOf, carriageLimits, isPacketSize, type Packet } from "./limits.ts";
export { Outbox } from "./outbox.ts";
