/** The amount of a resource in all, and the share that one address may have. */
export interface ShareLimits {
  readonly total: number;
  readonly perHolder: number;
}

interface Held<Item> {
  readonly item: Item;
  readonly holder: string;
  amount: number;
}

interface Holder<Item> {
  amount: number;
  /** The holder's items in the order of their arrival. */
  readonly held: Map<Item, Held<Item>>;
}

/** The rules for what is kept whatever else its holder has, and for the order in which a holder's items are cut. */
export interface ShareRules<Item> {
  readonly isKept: (item: Item, holderAmount: number) => boolean;
  /** `newest` protects items that are established; `oldest` cuts items that take long. */
  readonly first: "newest" | "oldest";
}

/** The number of holders that are asked to give something up for one newcomer, those with most first. */
const mostAsked = 8;

/** The holder of items that take room but are never cut, such as those of another replica. */
export const nobody = "";

/**
 * The holders of a shared resource. When nothing is left, the holder who has most gives up some; if it is the one that
 * asks for more, it gets nothing. So a newcomer that wants little always gets it (ADR 0017).
 */
export class Shares<Item> {
  readonly #limits: ShareLimits;
  readonly #rules: ShareRules<Item>;
  readonly #holders = new Map<string, Holder<Item>>();
  readonly #held = new Map<Item, Held<Item>>();
  #total = 0;

  constructor(limits: ShareLimits, rules: ShareRules<Item>) {
    this.#limits = limits;
    this.#rules = rules;
  }

  get total(): number {
    return this.#total;
  }

  get size(): number {
    return this.#held.size;
  }

  has(item: Item): boolean {
    return this.#held.has(item);
  }

  holderOf(item: Item): string | undefined {
    return this.#held.get(item)?.holder;
  }

  /**
   * The items to cut before the holder may have so much more, usually none; `undefined` when it may not have more. With
   * `isFloor` the request is within what an established cluster keeps, which no share limits.
   */
  room(holder: string, amount: number, isFloor = false): Item[] | undefined {
    const own = (this.#holders.get(holder)?.amount ?? 0) + amount;
    if (!isFloor && holder !== nobody && own > this.#limits.perHolder) return undefined;
    let missing = this.#total + amount - this.#limits.total;
    if (missing <= 0) return [];
    const cut: Item[] = [];
    const asked = new Set([nobody, ...(isFloor ? [] : [holder])]);
    while (missing > 0) {
      const largest = asked.size <= mostAsked ? this.#largestBut(asked) : undefined;
      if (!largest || !(isFloor || largest.amount > own)) return undefined;
      asked.add(largest.name);
      let left = largest.amount;
      for (const held of this.#inOrder(largest)) {
        if (missing <= 0 || !(isFloor || left > own)) break;
        if (this.#rules.isKept(held.item, largest.amount)) continue;
        cut.push(held.item);
        missing -= held.amount;
        left -= held.amount;
      }
    }
    return cut;
  }

  /** Notes the amount of an item. It replaces what was noted before. */
  set(item: Item, holder: string, amount: number): void {
    this.remove(item);
    const held = { item, holder, amount };
    const known = this.#holders.get(holder) ?? { amount: 0, held: new Map<Item, Held<Item>>() };
    this.#holders.set(holder, known);
    known.amount += amount;
    known.held.set(item, held);
    this.#held.set(item, held);
    this.#total += amount;
  }

  remove(item: Item): void {
    const held = this.#held.get(item);
    const holder = held && this.#holders.get(held.holder);
    if (!held || !holder) return;
    this.#held.delete(item);
    holder.held.delete(item);
    holder.amount -= held.amount;
    this.#total -= held.amount;
    if (holder.held.size === 0) this.#holders.delete(held.holder);
  }

  #largestBut(names: ReadonlySet<string>): (Holder<Item> & { readonly name: string }) | undefined {
    let largest: string | undefined;
    let most = 0;
    for (const [name, { amount }] of this.#holders)
      if (amount > most && !names.has(name)) [largest, most] = [name, amount];
    const holder = largest === undefined ? undefined : this.#holders.get(largest);
    return largest === undefined || !holder ? undefined : { ...holder, name: largest };
  }

  #inOrder(holder: Holder<Item>): Iterable<Held<Item>> {
    const held = [...holder.held.values()];
    return this.#rules.first === "oldest" ? held : held.toReversed();
  }
}
