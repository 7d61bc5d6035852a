import { timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

/**
 * Key material that cannot be printed by accident: logging, JSON, string conversion and inspection all show a
 * placeholder. Only `reveal` gives the bytes, and only the code that hands them to a cipher or a 0600 file calls it.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
  }

  static fromBase64(text: string): Secret {
    return new Secret(Buffer.from(text, "base64"));
  }

  reveal(): Uint8Array {
    return this.#bytes;
  }

  revealBase64(): string {
    return Buffer.from(this.#bytes).toString("base64");
  }

  equals(other: Secret): boolean {
    return this.#bytes.length === other.#bytes.length && timingSafeEqual(this.#bytes, other.#bytes);
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
