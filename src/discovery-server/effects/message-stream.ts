import { status } from "@grpc/grpc-js";
import { headBytes, headOf } from "../frame.ts";
import { CallFailure } from "./call-failure.ts";

/** Assembles the messages of a stream. No more than one message, and a chunk of the network, is ever kept. */
export class MessageStream {
  readonly #mostBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;
  /** The length of the message that has begun to arrive, with its head. */
  #expected: number | undefined;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Adds bytes; gives the messages that they complete. Throws `CallFailure` for a message that is not taken. */
  add(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const messages: Buffer[] = [];
    while (this.#length >= (this.#expected ?? headBytes)) {
      if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
      const [whole = Buffer.alloc(0)] = this.#chunks;
      this.#expected ??= this.#lengthOf(whole);
      if (this.#length < this.#expected) break;
      messages.push(whole.subarray(headBytes, this.#expected));
      this.#chunks = [whole.subarray(this.#expected)];
      this.#length -= this.#expected;
      this.#expected = undefined;
    }
    return messages;
  }

  #lengthOf(begin: Buffer): number {
    const head = headOf(begin);
    if (head?.isCompressed) throw new CallFailure(status.UNIMPLEMENTED, "a stream is not compressed");
    const length = head?.length ?? 0;
    if (length > this.#mostBytes)
      throw new CallFailure(status.RESOURCE_EXHAUSTED, "the message is too large");
    return headBytes + length;
  }
}
