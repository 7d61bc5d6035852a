import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import { Connected, far, near, other } from "./connected.ts";

describe("a peer that is connected", () => {
  it("is left alone where there is no other candidate", () => {
    expect(new Connected().run(3_600).events).toEqual([]);
  });

  it("is asked once where it is, after a minute, where there is nothing better", () => {
    const peer = new Connected();
    peer.candidates = [far, other];
    expect(peer.run(59).events).toEqual([]);
    expect(peer.run(86_400).events).toEqual(["ask far"]);
  });

  it("moves to a network that both are on now, within seconds, and says why", () => {
    const peer = new Connected().run(30);
    peer.candidates = [far, near];
    peer.ways.set(near, () => 1);
    peer.run(5);
    expect(peer.events).toEqual(["ask far", "ask far", "ask near", "move near", "ask near"]);
    expect(peer.reason).toBe("on a network of this node; 1 ms instead of 40 ms");
    expect(peer.run(86_400).events.slice(5)).toEqual(["ask near"]);
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
    expect(asked).toBeLessThan(2 * 32); // two rounds each time: six times in the first hour, once in each other
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

  it("returns to a far faster way of the same kind, although it was never asked where it is", () => {
    const peer = new Connected();
    // A shared network where nobody answers has the way in use measured.
    peer.candidates = [far, near, other];
    peer.endpoint = other;
    peer.ways = new Map([[other, () => 5]]);
    peer.run(120);
    peer.candidates = [far, other];
    peer.endpoint = far;
    peer.ways.set(far, () => 80);
    const asked = peer.events.length;
    expect(peer.run(600).endpoint).toBe(other);
    expect(peer.events.slice(asked, asked + 4)).toEqual(["ask far", "ask far", "ask other", "move other"]);
    expect(peer.reason).toBe("a far shorter round trip: 5 ms instead of 80 ms");
  });

  it.each([0, 2_999, 85_000, 119_000])("waits while keys may change: session of %i ms", (age) => {
    const peer = new Connected();
    peer.candidates = [far, near];
    peer.ways.set(near, () => 1);
    peer.sessionAge = age;
    expect(peer.run(600).events).toEqual([]);
    peer.sessionAge = 84_000; // in this test it stays that old
    expect(peer.run(60).endpoint).toBe(near);
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
