import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Pace } from "../pace.ts";
import type { Rate } from "../rate-limit.ts";
import { Shares } from "../shares.ts";
import type { Call } from "./call.ts";
import { CallFailure } from "./call-failure.ts";

export interface OutletLimits {
  /** The limits on the bytes that are sent and not yet read. */
  readonly unreadBytes: number;
  readonly unreadBytesPerAddress: number;
  /** The rate of bytes to all clients of one address. */
  readonly rate: Rate;
}

/** The memory of a stream in addition to the bytes that wait in it. */
const callBytes = 4 * 1024;

/**
 * The outlet through which all answers leave. Answers are sent in chunks, so that a large one does not delay others,
 * and only one chunk of each is under way. When too much is unread, slow readers are cut, those of the address with
 * most first. Readers that exceed their rate wait.
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

  /** The number of calls that were ended because too much was unread. */
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
        await this.#wait(holder, chunk.length); // the wait comes before the next chunk is made
      }
    } finally {
      this.#unread.remove(call);
    }
  }

  async #wait(holder: string, bytes: number): Promise<void> {
    const ms = this.#pace.wait(holder, bytes, performance.now());
    if (ms >= 1) await delay(ms);
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
