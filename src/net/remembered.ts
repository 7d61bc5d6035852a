/** The number of results that are kept. It is more than a full cluster needs, and takes little memory. */
const most = 16_384;

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() };

/**
 * Copies a text into memory of its own. A part of a longer text keeps the whole of it alive, so one remembered endpoint
 * could keep all that a tool has printed.
 */
export const detached = (text: string): string => utf8.decoder.decode(utf8.encoder.encode(text));

/** A pure function of texts that keeps its results. When there are too many, all are forgotten. */
export class Remembered<Key extends string, Value> {
  readonly #compute: (key: Key) => Value;
  readonly #values = new Map<string, Value>();

  constructor(compute: (key: Key) => Value) {
    this.#compute = compute;
  }

  get(key: Key): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = this.#compute(key);
    if (this.#values.size >= most) this.#values.clear();
    this.#values.set(detached(key), value);
    return value;
  }
}
