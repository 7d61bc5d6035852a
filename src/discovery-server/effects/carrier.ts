import { CarryResponse } from "../../discovery/wire/index.ts";
import { bufferOf, Outbox, type Packet } from "../../stream/index.ts";
import { messageOf } from "../frame.ts";
import type { Call } from "./call.ts";

/**
 * One node's stream of packets, on the way to the node. One message is under way, and the newest packets wait. A message
 * is made when all that has arrived for the node has been read.
 */
export class Carrier {
  readonly call: Call;
  readonly affiliateId: string;
  /** The name of the room, with the cluster: only carriers with the same one reach each other. */
  readonly room: string;
  readonly #outbox = new Outbox();
  /** Told that so many more packets wait, or fewer if negative. */
  readonly #onQueued: (change: number) => void;
  /** Whether a message is under way, or about to be made. */
  #isWriting = false;

  constructor(call: Call, affiliateId: string, room: string, onQueued: (change: number) => void) {
    this.call = call;
    this.affiliateId = affiliateId;
    this.room = room;
    this.#onQueued = onQueued;
    call.onClose(() => this.#change(() => this.#outbox.clear()));
  }

  /** Says that the stream is open. */
  open(): void {
    this.#isWriting = true;
    void this.#write([]);
  }

  /** Hands a packet on to the node; gives the number of packets that were dropped for it. */
  deliver(packet: Packet, most: number): number {
    if (!this.call.isOpen) return 1;
    const dropped = this.#change(() => this.#outbox.push(packet, most));
    if (!this.#isWriting) {
      this.#isWriting = true;
      setImmediate(() => void this.#write(this.#change(() => this.#outbox.next())));
    }
    return dropped;
  }

  #change<Result>(work: () => Result): Result {
    const before = this.#outbox.size;
    const result = work();
    this.#onQueued(this.#outbox.size - before);
    return result;
  }

  /** Sends these packets, and then what waits, until nothing does. Never rejects. */
  async #write(first: readonly Packet[]): Promise<void> {
    try {
      let packets = first;
      do {
        const message = CarryResponse.encode({ packets: packets.map(wireOf) }).finish();
        await this.call.send(messageOf([message]));
        packets = this.#change(() => this.#outbox.next());
      } while (packets.length > 0);
    } catch {
      this.call.cut(); // half a message was sent, and nothing can sensibly follow
    } finally {
      this.#isWriting = false;
    }
  }
}

const wireOf = ({ peer, data }: Packet): { peer: string; data: Buffer } => ({ peer, data: bufferOf(data) });
