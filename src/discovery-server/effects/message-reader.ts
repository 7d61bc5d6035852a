import { status } from "@grpc/grpc-js";
import { headBytes, headOf } from "../frame.ts";
import { CallFailure } from "./call-failure.ts";

interface Received {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

/** Puts the one message of a request together. What a client sends byte by byte is copied once, at the end. */
export class MessageReader {
  readonly #mostBytes: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #expected: number | undefined;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** `undefined` until the message is whole. */
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
