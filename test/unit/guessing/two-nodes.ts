import {
  type GuessAction,
  type GuessEvent,
  type Guesses,
  introduce,
  noGuesses,
  noIntroductions,
  stepGuesses,
} from "../../../src/guessing/index.ts";
import { guessLimits } from "../../../src/guessing/limits.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import { endpoint, key } from "../mesh/values.ts";

/** Gives a NAT's external port for the next new mapping. */
export type Allocation = (below: (limit: number) => number) => () => number;

export const allocations = {
  random: (below) => () => 1_024 + below(64_512),
  /** Every mapping gets the next port, and other hosts behind the NAT get some in between. */
  sequential: (below) => {
    let next = 20_000 + below(20_000);
    return () => (next += 1 + below(3));
  },
  /** One host has 2,048 ports. */
  block: (below) => {
    const first = 1_024 + 2_048 * below(31);
    return () => first + below(2_048);
  },
} satisfies Record<string, Allocation>;

/** Numbers that look random and are the same for each seed (mulberry32). */
export function lots(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const relay = endpoint("203.0.113.10:51820");
const keeping = endpoint("203.0.113.2:51820");
export const changingAddress = "203.0.113.1";
const relayKey = key(9);
const roundTripMs = 50;

interface Side {
  readonly publicKey: string;
  guesses: Guesses;
}

/**
 * Two nodes that a relay joins, in virtual time. The NAT of the first one has another port for each destination, and lets in
 * only what was asked; that of the second keeps its port, and lets in only what was asked, too.
 */
export class TwoNodes {
  now = 1_000_000;
  readonly changing: Side = { publicKey: key(1), guesses: noGuesses };
  readonly keeping: Side = { publicKey: key(2), guesses: noGuesses };
  /** All that was sent to ports of the first node's address, and how many mappings that one opened. */
  readonly sent: Endpoint[] = [];
  opened = 0;
  /** Whether a mapping takes packets in at all. */
  letsIn = true;
  /** Whether the second node's NAT keeps its port. */
  keeps = true;
  #later: { readonly at: number; readonly run: () => void }[] = [];
  #mapped = new Map<number, number>();
  #reached: { changing: Endpoint; keeping: Endpoint } = { changing: relay, keeping: relay };
  #introductions = noIntroductions;
  readonly #below: (limit: number) => number;
  readonly #allocate: () => number;
  readonly #seen: Endpoint;

  constructor(seed: number, allocation: Allocation) {
    this.#below = lots(seed);
    this.#allocate = allocation(this.#below);
    this.#seen = endpoint(`${changingAddress}:${this.#allocate()}`);
  }

  get isFound(): boolean {
    return this.changing.guesses.found.size === 1 && this.keeping.guesses.found.size === 1;
  }

  /** Goes on until a path is found or the time is over; gives the milliseconds that it took. */
  run(forMs: number, isEnough = (): boolean => this.isFound): number | undefined {
    const begin = this.now;
    for (; this.now < begin + forMs; this.now += 10) {
      const due = this.#later.filter(({ at }) => at <= this.now);
      this.#later = this.#later.filter(({ at }) => at > this.now);
      for (const { run } of due) run();
      if (this.now % 1_000 === 0) this.#poll();
      if (this.now % guessLimits.tickMs === 0) this.happens(this.keeping, { kind: "tick" });
      if (isEnough()) return this.now - begin;
    }
    return undefined;
  }

  happens(side: Side, event: GuessEvent): void {
    const around = { own: side.publicKey, now: this.now, below: this.#below, token: () => "token" };
    const { after, do: actions } = stepGuesses(side.guesses, event, around);
    side.guesses = after;
    for (const action of actions) this.#act(side, action);
  }

  #poll(): void {
    for (const side of [this.changing, this.keeping] as const) {
      const isChanging = side === this.changing;
      const other = isChanging ? this.keeping : this.changing;
      const at = isChanging ? this.#reached.changing : this.#reached.keeping;
      const candidates = isChanging ? [keeping] : [endpoint(`${changingAddress}:51820`)];
      const pair = {
        publicKey: other.publicKey,
        nodeId: other === this.keeping ? "keeping" : "changing",
        relay: relayKey,
        candidates,
        since: 0,
        sessionAt: this.now - 10_000,
      };
      this.happens(side, {
        kind: "polled",
        pairs: new Map(at === relay ? [[other.publicKey, pair]] : []),
        reached: new Map([[other.publicKey, at]]),
      });
    }
  }

  #after(ms: number, run: () => void): void {
    this.#later.push({ at: this.now + ms, run });
  }

  #act(side: Side, action: GuessAction): void {
    const other = side === this.changing ? this.keeping : this.changing;
    switch (action.kind) {
      case "ask":
        return this.#after(roundTripMs, () => this.#introduce(side));
      case "invite":
        return this.#after(roundTripMs, () =>
          this.happens(other, { ...action, kind: "invited", peer: side.publicKey }),
        );
      case "open":
        return this.#open();
      case "tell":
        return this.#after(roundTripMs, () =>
          this.happens(other, { ...action, kind: "awaited", peer: side.publicKey }),
        );
      case "send":
        for (const to of action.to) this.#send(to);
        return;
      case "through":
        // A probe and a move later, both are there.
        return this.#after(500, () => {
          this.#reached = { changing: action.endpoint, keeping: this.#hit ?? relay };
        });
      case "said":
        return;
    }
  }

  #hit: Endpoint | undefined;

  #introduce(asker: Side): void {
    const other = asker === this.changing ? this.keeping : this.changing;
    const neighbours = [
      { publicKey: this.changing.publicKey, endpoint: this.#seen },
      { publicKey: this.keeping.publicKey, endpoint: keeping },
    ];
    const { after, both } = introduce(
      this.#introductions,
      asker.publicKey,
      other.publicKey,
      neighbours,
      this.now,
    );
    this.#introductions = after;
    if (!both) return;
    const told = { kind: "introduced", by: relayKey } as const;
    this.#after(roundTripMs, () => {
      this.happens(this.changing, {
        ...told,
        peer: this.keeping.publicKey,
        theirs: keeping,
        mine: this.#seen,
        keepsPort: false,
      });
      this.happens(this.keeping, {
        ...told,
        peer: this.changing.publicKey,
        theirs: this.#seen,
        mine: keeping,
        keepsPort: this.keeps,
      });
    });
  }

  #open(): void {
    const first = this.#allocate();
    for (let port = 0; port < guessLimits.openings; port++) this.#mapped.set(this.#allocate(), port + 1);
    this.opened += guessLimits.openings;
    const last = this.#allocate();
    this.#after(600, () => this.happens(this.changing, { kind: "opened", ports: [first, last] }));
  }

  #send(to: Endpoint): void {
    this.sent.push(to);
    const port = this.#mapped.get(Number(to.slice(to.lastIndexOf(":") + 1)));
    if (port === undefined || !this.letsIn) return;
    this.#after(roundTripMs / 2, () => {
      this.#hit ??= to;
      this.happens(this.changing, { kind: "hit", port });
    });
    this.#after(roundTripMs, () =>
      this.happens(this.keeping, { kind: "answered", from: to, token: "token" }),
    );
  }
}
