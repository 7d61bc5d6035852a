import { carriageLimits, type Packet } from "./limits.ts";

/**
 * The packets that wait for a stream. When there are too many, the oldest is dropped: what it carries has been sent
 * again by then, or is of no use any more.
 */
export class Outbox {
  #waiting: Packet[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  /** Adds a packet; gives the number of packets that were dropped for it. */
  push(packet: Packet, most: number = carriageLimits.queuedPackets): number {
    this.#waiting.push(packet);
    const tooMany = Math.max(0, this.#waiting.length - most);
    this.#waiting.splice(0, tooMany);
    return tooMany;
  }

  /** Takes out the packets of the next message, the oldest first; none if nothing waits. */
  next(): Packet[] {
    let [bytes, count] = [0, 0];
    for (const { peer, data } of this.#waiting) {
      if (bytes >= carriageLimits.fullMessageBytes || count >= carriageLimits.mostPackets) break;
      bytes += peer.length + data.length + frameBytes;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  clear(): void {
    this.#waiting = [];
  }
}

/** The most that surrounds the peer and the data of a packet in a message. */
const frameBytes = 10;
