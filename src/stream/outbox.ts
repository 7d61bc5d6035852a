import { carriageLimits, type Packet } from "./limits.ts";

/**
 * The packets that wait for a stream. When there are too many, the oldest is dropped: what it carries has been sent
 * again by then, or is of no use any more. It is the oldest of the node that has most of them, so that whoever sends too
 * much takes nothing from others.
 */
export class Outbox {
  #waiting: Packet[] = [];
  readonly #ofPeer = new Map<string, number>();

  get size(): number {
    return this.#waiting.length;
  }

  /** Adds a packet; gives the number of packets that were dropped for it. */
  push(packet: Packet, most: number = carriageLimits.queuedPackets): number {
    this.#waiting.push(packet);
    this.#count(packet, 1);
    const tooMany = Math.max(0, this.#waiting.length - most);
    for (let dropped = 0; dropped < tooMany; dropped++) this.#dropOfMost();
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
    const taken = this.#waiting.splice(0, count);
    for (const packet of taken) this.#count(packet, -1);
    return taken;
  }

  clear(): void {
    this.#waiting = [];
    this.#ofPeer.clear();
  }

  #dropOfMost(): void {
    const most = Math.max(...this.#ofPeer.values());
    const oldest = this.#waiting.findIndex(({ peer }) => this.#ofPeer.get(peer) === most);
    for (const packet of this.#waiting.splice(oldest, 1)) this.#count(packet, -1);
  }

  #count({ peer }: Packet, by: number): void {
    const count = (this.#ofPeer.get(peer) ?? 0) + by;
    if (count > 0) this.#ofPeer.set(peer, count);
    else this.#ofPeer.delete(peer);
  }
}

/** The most that surrounds the peer and the data of a packet in a message. */
const frameBytes = 10;
