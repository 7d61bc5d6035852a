import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Pace } from "../pace.ts";
import type { Rate } from "../rate-limit.ts";
import { Shares } from "../shares.ts";
import { CallFailure } from "./call-failure.ts";

/** The reader of an answer, as the outlet knows it. */
interface Reader {
  /** The holder to whose share its unread bytes count. */
  readonly caller: { readonly holder: string };
  /** Ends it at once and discards what is under way. */
  cut(): void;
}

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
  readonly #unread: Shares<Reader>;
  readonly #pace: Pace;
  #cutOff = 0;

  constructor(limits: OutletLimits) {
    this.#unread = new Shares<Reader>(
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

  async send(
    reader: Reader,
    chunks: Iterable<Buffer>,
    write: (chunk: Buffer) => Promise<void>,
  ): Promise<void> {
    const { holder } = reader.caller;
    try {
      await this.#wait(holder, callBytes);
      for (const chunk of chunks) {
        this.#admit(reader, holder, chunk.length + callBytes);
        await write(chunk);
        this.#unread.remove(reader);
        await this.#wait(holder, chunk.length); // the wait comes before the next chunk is made
      }
    } finally {
      this.#unread.remove(reader);
    }
  }

  async #wait(holder: string, bytes: number): Promise<void> {
    const waitMs = this.#pace.waitMs(holder, bytes, performance.now());
    if (waitMs >= 1) await delay(waitMs);
  }

  #admit(reader: Reader, holder: string, bytes: number): void {
    const toCut = this.#unread.room(holder, bytes);
    for (const each of toCut ?? [reader]) {
      this.#cutOff++;
      each.cut();
    }
    if (!toCut) throw new CallFailure(status.RESOURCE_EXHAUSTED, "too many answers are not read");
    this.#unread.set(reader, holder, bytes);
  }
}
