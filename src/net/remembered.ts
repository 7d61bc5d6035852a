/** More than a full cluster needs, and little memory. */
const most = 16_384;

/** A pure function whose last results are kept, bounded: when there are too many, all are forgotten. */
export class Remembered<Key, Value> {
  readonly #compute: (key: Key) => Value;
  readonly #values = new Map<Key, Value>();

  constructor(compute: (key: Key) => Value) {
    this.#compute = compute;
  }

  get(key: Key): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = this.#compute(key);
    if (this.#values.size >= most) this.#values.clear();
    this.#values.set(key, value);
    return value;
  }
}
