import { CarryResponse } from "../../discovery/wire/index.ts";
import { Outbox, type Packet } from "../../stream/index.ts";
import { messageOf } from "../frame.ts";
import type { Call } from "./call.ts";

/** One node's stream of packets, on the way to the node. One message is under way, and the newest packets wait. */
export class Carrier {
  readonly call: Call;
  readonly affiliateId: string;
  /** The name of the room, with the cluster: only carriers with the same one reach each other. */
  readonly room: string;
  readonly #outbox = new Outbox();
  /** Told that so many more packets wait, or fewer if negative. */
  readonly #onQueued: (change: number) => void;
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
    this.#write([]);
  }

  /** Hands a packet on to the node; gives the number of packets that were dropped for it. */
  deliver(packet: Packet, most: number): number {
    if (!this.call.isOpen) return 1;
    const dropped = this.#change(() => this.#outbox.push(packet, most));
    if (!this.#isWriting) this.#write(this.#change(() => this.#outbox.next()));
    return dropped;
  }

  #change<Result>(work: () => Result): Result {
    const before = this.#outbox.size;
    const result = work();
    this.#onQueued(this.#outbox.size - before);
    return result;
  }

  #write(packets: readonly Packet[]): void {
    this.#isWriting = true;
    const message = CarryResponse.encode({ packets: packets.map(wireOf) }).finish();
    this.call.send(messageOf([message])).then(
      () => {
        this.#isWriting = false;
        const next = this.#change(() => this.#outbox.next());
        if (next.length > 0) this.#write(next);
      },
      () => this.call.cut(),
    );
  }
}

const wireOf = ({ peer, data }: Packet): { peer: string; data: Buffer } => ({
  peer,
  data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
});
