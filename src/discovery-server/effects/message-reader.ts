import { status } from "@grpc/grpc-js";
import { headBytes, headOf } from "../frame.ts";
import { CallFailure } from "./call-failure.ts";

interface Received {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

/** Assembles the one message of a request. Bytes that arrive one by one are copied once, at the end. */
export class MessageReader {
  readonly #mostBytes: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #expected: number | undefined;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Adds bytes; `undefined` until the message is complete. */
  add(chunk: Buffer): Received | CallFailure | undefined {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < headBytes) return undefined;
    this.#expected ??= headBytes + (headOf(Buffer.concat(this.#chunks))?.length ?? 0);
    if (this.#expected - headBytes > this.#mostBytes)
      return new CallFailure(status.RESOURCE_EXHAUSTED, "the message is too large");
    if (this.#length > this.#expected)
      return new CallFailure(status.INVALID_ARGUMENT, "there is more than one message");
    if (this.#length < this.#expected) return undefined;
    const whole = Buffer.concat(this.#chunks);
    return { isCompressed: headOf(whole)?.isCompressed === true, bytes: whole.subarray(headBytes) };
  }
}
