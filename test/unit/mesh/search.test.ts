import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Connecting, type Tracked, trackPeers } from "../../../src/mesh/track.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import type { PeerSpec } from "../../../src/peers/index.ts";
import { answered } from "../../../src/racing/index.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { address, endpoint, key } from "./values.ts";

const start = 1_700_000_000_000;
const [far, near, other] = ["203.0.113.1:1", "10.0.0.1:1", "203.0.113.2:1"].map(endpoint) as [
  Endpoint,
  Endpoint,
  Endpoint,
];
const names = new Map([
  [far, "far"],
  [near, "near"],
  [other, "other"],
]);
const nameOf = (each: Endpoint): string => names.get(each) ?? expect.fail(each);

/**
 * A peer that is connected at `far` all the time. Where it answers and in how many milliseconds says `ways`; whoever of
 * us is asked somewhere is sent to from there, as WireGuard has it.
 */
class Connected {
  readonly events: string[] = [];
  /** When a better way was taken, in seconds. */
  readonly taken: number[] = [];
  ways: Map<Endpoint, () => number | undefined> = new Map([[far, () => 40]]);
  candidates: readonly Endpoint[] = [far];
  endpoint = far;
  isRacing = true;
  #tracked: Tracked | undefined;
  #now = start;
  #received = 1_000;

  /** Looks when it has to, and every two seconds. */
  run(seconds: number): this {
    for (const end = this.#now + seconds * 1000; this.#now < end; ) {
      this.#received += 32;
      const { wakeIn = 2_000 } = this.#look();
      this.#now += Math.max(1, Math.min(wakeIn, 2_000));
    }
    return this;
  }

  get changes(): number {
    return this.#path?.changes ?? 0;
  }

  get reason(): string | undefined {
    return this.#path?.lastChange?.reason;
  }

  get #path() {
    return this.#tracked?.ways.paths.get(key(1));
  }

  #look(): Tracked {
    const before = this.#tracked;
    const tracked = trackPeers(
      [this.#spec],
      this.#device(),
      before?.attempts ?? new Map(),
      this.#now,
      "known",
      this.#connecting(before),
    );
    this.#tracked = tracked;
    const move = tracked.peers[0]?.move;
    const { takenAt } = this.#path ?? {};
    if (takenAt !== undefined && takenAt !== before?.ways.paths.get(key(1))?.takenAt)
      this.taken.push((takenAt - start) / 1000);
    if (move !== undefined) {
      this.events.push(`move ${nameOf(move)}`);
      this.endpoint = move;
    }
    for (const { endpoints } of tracked.races) this.#race(tracked, endpoints);
    return tracked;
  }

  #race(tracked: Tracked, endpoints: readonly Endpoint[]): void {
    this.events.push(`ask ${endpoints.map(nameOf).join()}`);
    const times = endpoints.flatMap((each) => {
      const ms = this.ways.get(each)?.();
      return ms === undefined ? [] : [[each, ms] as const];
    });
    const [first] = times.sort(([, left], [, right]) => left - right);
    const contest = tracked.contests.get(key(1));
    if (!first || !contest) return;
    const [from, ms] = first;
    this.endpoint = from;
    const answer = { endpoint: from, sentAt: this.#now, answeredAt: this.#now + Math.round(ms) };
    this.#tracked = { ...tracked, contests: new Map([[key(1), answered(contest, answer)]]) };
    this.#now = answer.answeredAt;
  }

  get #spec(): PeerSpec {
    return {
      nodeId: "id1",
      label: "node-1",
      publicKey: key(1),
      address: address("fd00:0:0:2::1"),
      allowedIPs: [],
      refusedPrefixes: [],
      candidates: this.candidates,
      candidateReasons: [],
      candidateTiers: this.candidates.map((each) => (each === near ? 1 : 2)),
      refusedCandidates: [],
    };
  }

  #connecting(before: Tracked | undefined): Connecting {
    const { health, budget, contests = new Map(), heard = new Map(), ways } = before ?? {};
    const racing = { contests, heard, ownKey: key(0), mayDialSerially: false };
    return { ...(health && { health }), budget, ways, ...(this.isRacing && { racing }) };
  }

  #device(): ObservedDevice {
    const peer = {
      publicKey: key(1),
      endpoint: this.endpoint,
      allowedIPs: [],
      handshakeAt: this.#now - 10_000,
      receivedBytes: this.#received,
      sentBytes: 1_000,
      keepaliveSeconds: 25,
    };
    return { listenPort: 51820, firewallMark: 0x20, peers: new Map([[key(1), peer]]) };
  }
}

describe("a peer that is connected", () => {
  it("is left alone where there is nothing better", () => {
    const peer = new Connected();
    peer.candidates = [far, other];
    expect(peer.run(86_400).events).toEqual([]);
  });

  it("moves to a network that both are on now, within seconds, and says why", () => {
    const peer = new Connected().run(30);
    peer.candidates = [far, near];
    peer.ways.set(near, () => 1);
    peer.run(5);
    expect(peer.events).toEqual(["ask far", "ask far", "ask near", "move near"]);
    expect(peer.reason).toBe("on a network of this node; 1 ms instead of 40 ms");
    expect(peer.run(86_400).events.length).toBe(4);
    expect(peer.changes).toBe(1);
  });

  it("tries a shared network that was known before only after a minute", () => {
    const peer = new Connected();
    peer.candidates = [far, near];
    peer.ways.set(near, () => 1);
    expect(peer.run(59).events).toEqual([]);
    expect(peer.run(5).endpoint).toBe(near);
  });

  it("stays where it is when the better way does not answer, and asks less and less often", () => {
    const peer = new Connected();
    peer.candidates = [far, near];
    peer.run(86_400);
    expect(peer.taken).toEqual([]);
    expect(peer.endpoint).toBe(far);
    const asked = peer.events.filter((event) => event === "ask near").length;
    expect(asked).toBeGreaterThan(5);
    expect(asked).toBeLessThan(2 * 32); // two volleys each time: six times in the first hour, once in each other
    expect(peer.events.slice(0, 5)).toEqual(["ask far", "ask far", "ask near", "ask near", "ask far"]);
  });

  it("goes back when the better way answers late", () => {
    const peer = new Connected();
    peer.candidates = [far, near];
    peer.ways.set(near, () => 200);
    peer.run(70);
    expect(peer.endpoint).toBe(far);
    expect(peer.events.slice(-1)).toEqual(["ask far"]);
    expect(peer.changes).toBe(0);
  });

  it("is not judged while the endpoint in use does not answer", () => {
    const peer = new Connected();
    peer.candidates = [far, near];
    peer.ways = new Map([[near, () => 1]]);
    expect(new Set(peer.run(200).events)).toEqual(new Set(["ask far"]));
  });

  it("is never searched for without racing", () => {
    const peer = new Connected();
    peer.isRacing = false;
    peer.candidates = [far, near];
    expect(peer.run(600).events).toEqual([]);
  });

  it("returns to a way of which it is known that it was far faster", () => {
    const peer = new Connected();
    peer.candidates = [far, near];
    peer.ways.set(near, () => 1);
    peer.run(120);
    expect(peer.endpoint).toBe(near);
    peer.endpoint = far; // the peer moved
    peer.ways.set(near, () => 3);
    expect(peer.run(600).endpoint).toBe(near);
    expect(peer.changes).toBe(3);
  });
});

const jitters = fc.infiniteStream(fc.integer({ min: 0, max: 1_000 }));

describe("hysteresis", () => {
  it("two ways of one kind whose round trips differ by less than the margin: the endpoint never changes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 300 }), jitters, (base, jitter) => {
        const peer = new Connected();
        const time = (): number => base + (jitter.next().value / 1_000) * Math.max(9, base * 0.9);
        // A shared network where nobody answers makes it measure now and then; the other way was far faster once.
        peer.candidates = [far, near, other];
        peer.endpoint = other;
        peer.ways = new Map([[other, () => 0]]);
        peer.run(120);
        peer.endpoint = far;
        peer.ways = new Map([
          [far, time],
          [other, time],
        ]);
        peer.run(600);
        peer.candidates = [far, other];
        peer.run(4 * 3_600);
        expect(peer.events).toContain("ask far");
        expect(peer.taken).toEqual([]);
        expect(peer.endpoint).toBe(far);
        expect(peer.changes).toBe(1);
      }),
      { numRuns: 20 },
    );
  });

  it("the same with a shared network: it is taken once at most, and not left", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 300 }), jitters, (base, jitter) => {
        const peer = new Connected();
        const time = (): number => base + (jitter.next().value / 1_000) * Math.max(9, base * 0.9);
        peer.candidates = [far, near];
        peer.ways = new Map([
          [far, time],
          [near, time],
        ]);
        peer.run(4 * 3_600);
        expect(peer.changes).toBeLessThanOrEqual(1);
      }),
      { numRuns: 20 },
    );
  });

  it("whatever happens to the ways, a better one is taken a minute after the last at the soonest", () => {
    let all = 0;
    const worlds = fc.array(fc.constantFrom(undefined, 1, 20, 60, 200), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(
        worlds,
        worlds,
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        (ones, twos, thrown) => {
          const peer = new Connected();
          for (let minute = 0; minute < 60; minute++) {
            peer.candidates = minute % 3 === 0 ? [far] : [far, near, other];
            peer.ways = new Map<Endpoint, () => number | undefined>([
              [far, () => 40],
              [near, () => ones[minute]],
              [other, () => twos[minute]],
            ]);
            if (thrown[minute]) peer.endpoint = far;
            peer.run(30);
          }
          const { taken } = peer;
          all += taken.length;
          for (const [index, at] of taken.entries())
            expect(at - (taken[index - 1] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(60);
        },
      ),
      { numRuns: 50 },
    );
    expect(all).toBeGreaterThan(50);
  });
});
