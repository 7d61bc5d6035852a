/** The bounds of what is carried. The service ends a stream that exceeds them, and the node keeps to them. */
export const carriageLimits = {
  /** The smallest packet of WireGuard, an empty keepalive, in bytes. */
  leastPacketBytes: 32,
  /** The largest packet in bytes, which leaves room above the usual 1,500 of a link. */
  mostPacketBytes: 1600,
  /** The number of packets in one message. */
  mostPackets: 64,
  /** The size of a message, in bytes, that no further packet is added to. */
  fullMessageBytes: 12 * 1024,
  /** The largest message in bytes: a full one with one more packet. */
  mostMessageBytes: 16 * 1024,
  /** The number of packets that wait for one stream. */
  queuedPackets: 256,
  /** The length of the name of a room, in bytes. */
  roomBytes: 32,
} as const;

/** A packet on a stream, with the node at the other end: its receiver on the way out, its sender on the way in. */
export interface Packet {
  readonly peer: string;
  readonly data: Uint8Array;
}

/** Tells whether something of this size may be a packet of WireGuard. */
export const isPacketSize = (bytes: number): boolean =>
  bytes >= carriageLimits.leastPacketBytes && bytes <= carriageLimits.mostPacketBytes;

/** The bytes as a buffer, which shares them. */
export const bufferOf = (data: Uint8Array): Buffer =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength);
