import type { Endpoint } from "../../src/net/index.ts";
import type { Random } from "../random.ts";

/** What is wrong with all paths, each by itself. Times in milliseconds. */
export interface Conditions {
  /** The share of packets that get lost, each by itself. */
  readonly loss: number;
  /** All packets of a path get lost for so long, and the mean time from one such burst to the next. */
  readonly burst?: { readonly lastsMs: number; readonly everyMs: number };
  /** A queue on the path grows to this delay and stays so for a while; and the mean time from one to the next. */
  readonly bloat?: { readonly mostMs: number; readonly lastsMs: number; readonly everyMs: number };
}

/** A queue grows and shrinks by this much a millisecond, so that packets come late, and in order. */
const slope = 0.75;

/** Spells that come and go at random. */
class Spells {
  readonly #lastsMs: number;
  readonly #everyMs: number;
  readonly #random: Random;
  #from = 0;
  #to = 0;

  constructor(lastsMs: number, everyMs: number, random: Random) {
    this.#lastsMs = lastsMs;
    this.#everyMs = everyMs;
    this.#random = random;
  }

  /** Tells how long the spell at this time has lasted, and will; `undefined` between two. Times only grow. */
  at(now: number): { readonly sinceMs: number; readonly leftMs: number } | undefined {
    while (now >= this.#to) {
      this.#from = Math.max(now, this.#to) - Math.log(1 - this.#random()) * this.#everyMs;
      this.#to = this.#from + this.#lastsMs;
    }
    return now < this.#from ? undefined : { sinceMs: now - this.#from, leftMs: this.#to - now };
  }
}

/** One of the paths between two ends, the same in both directions. */
export class Path {
  /** The endpoints at which each end is reached by it. */
  readonly ends: readonly [Endpoint, Endpoint];
  /** One way, in milliseconds. */
  readonly oneWayMs: number;
  /** From then on all is lost. */
  diesAt = Number.POSITIVE_INFINITY;
  readonly #random: Random;
  readonly #loss: number;
  readonly #mostMs: number;
  readonly #bursts: Spells | undefined;
  readonly #bloats: Spells | undefined;

  constructor(
    ends: readonly [Endpoint, Endpoint],
    oneWayMs: number,
    { loss, burst, bloat }: Conditions,
    random: Random,
  ) {
    this.ends = ends;
    this.oneWayMs = oneWayMs;
    this.#random = random;
    this.#loss = loss;
    this.#mostMs = bloat?.mostMs ?? 0;
    this.#bursts = burst && new Spells(burst.lastsMs, burst.everyMs, random);
    this.#bloats = bloat && new Spells(bloat.lastsMs, bloat.everyMs, random);
  }

  /** The milliseconds that a packet takes which is sent now; `undefined` if it gets lost. */
  carry(now: number): number | undefined {
    const isLost = now >= this.diesAt || this.#bursts?.at(now) !== undefined || this.#random() < this.#loss;
    if (isLost) return undefined;
    const { sinceMs, leftMs } = this.#bloats?.at(now) ?? { sinceMs: 0, leftMs: 0 };
    return this.oneWayMs + Math.min(this.#mostMs, slope * sinceMs, slope * leftMs);
  }
}
