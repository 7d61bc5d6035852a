import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Pace } from "../pace.ts";
import type { Rate } from "../rate-limit.ts";
import { Shares } from "../shares.ts";
import type { Call } from "./call.ts";
import { CallFailure } from "./call-failure.ts";

export interface OutletLimits {
  /** Of all that is sent and not taken yet. */
  readonly unreadBytes: number;
  readonly unreadBytesPerAddress: number;
  /** To all clients of one address, bytes. */
  readonly rate: Rate;
}

/** What a stream takes in memory beside the bytes that wait in it. */
const callBytes = 4 * 1024;

/**
 * Through which all answers leave: in chunks, so that nobody waits for a large answer to somebody else, and never more
 * than a chunk of each answer at a time. Who reads slowly is cut when there is too much of that, the addresses with
 * most of it first; who asks for more than its rate waits.
 */
export class Outlet {
  readonly chunkBytes = 64 * 1024;
  readonly #unread: Shares<Call>;
  readonly #pace: Pace;
  #cutOff = 0;

  constructor(limits: OutletLimits) {
    this.#unread = new Shares<Call>(
      { total: limits.unreadBytes, perHolder: limits.unreadBytesPerAddress },
      { isKept: () => false, first: "oldest" },
    );
    this.#pace = new Pace(limits.rate);
  }

  get unreadBytes(): number {
    return this.#unread.total;
  }

  /** Calls that were ended because too much was on its way. */
  get cutOff(): number {
    return this.#cutOff;
  }

  async send(call: Call, chunks: Iterable<Buffer>, write: (chunk: Buffer) => Promise<void>): Promise<void> {
    const { holder } = call.caller;
    try {
      await this.#wait(holder, callBytes);
      for (const chunk of chunks) {
        this.#admit(call, holder, chunk.length + callBytes);
        await write(chunk);
        this.#unread.remove(call);
        await this.#wait(holder, chunk.length); // before the next one is made
      }
    } finally {
      this.#unread.remove(call);
    }
  }

  async #wait(holder: string, bytes: number): Promise<void> {
    const waitMs = this.#pace.waitMs(holder, bytes, performance.now());
    if (waitMs >= 1) await delay(waitMs);
  }

  #admit(call: Call, holder: string, bytes: number): void {
    const toCut = this.#unread.room(holder, bytes);
    for (const each of toCut ?? [call]) {
      this.#cutOff++;
      each.cut();
    }
    if (!toCut) throw new CallFailure(status.RESOURCE_EXHAUSTED, "too many answers are not read");
    this.#unread.set(call, holder, bytes);
  }
}
