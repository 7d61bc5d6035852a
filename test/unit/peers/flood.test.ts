import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import { mostEndpoints, mostKnocking, packetLimits } from "../../../src/peers/index.ts";
import { Flooded, madeUp } from "./flooded.ts";

/*
 * Whoever has the cluster's secret, or had it once, can make up members with endpoints of anybody, and every node of the
 * mesh sends handshakes there. While rounds were counted instead of packets, a hundred of them with 64 endpoints each, of
 * which one changed each second, made each node send 12,800 packets a second for as long as that went on.
 */
vi.setConfig({ testTimeout: 600_000 }); // virtual time is not free: some seconds of a processor that is busy elsewhere, too
const { most, perSecond } = packetLimits.unproven;
/** A full bucket, what flows into it, and what WireGuard repeats by itself before it is counted. */
const mostWithin = (ms: number): number => most + (perSecond * ms) / 1000 + mostKnocking;

const endpointsEach = 64;

/** Made-up members, by name, and their endpoints. */
class Crowd {
  readonly node: Flooded;
  readonly #members = new Map<string, readonly Endpoint[]>();
  #endpoints = 0;

  constructor(isRacing: boolean) {
    this.node = new Flooded(isRacing);
  }

  get names(): string[] {
    return [...this.#members.keys()];
  }

  join(name: string, count = endpointsEach): void {
    this.#tell(name, this.#fresh(count));
  }

  /** So many of its endpoints are others from now on. */
  change(name: string, count = 1): void {
    const before = this.#members.get(name) ?? [];
    this.#tell(name, [...before.slice(count), ...this.#fresh(Math.min(count, before.length))]);
  }

  leave(name: string): void {
    this.#members.delete(name);
    this.node.remove(name);
  }

  #tell(name: string, endpoints: readonly Endpoint[]): void {
    this.#members.set(name, endpoints);
    this.node.announce(name, endpoints);
  }

  #fresh(count: number): Endpoint[] {
    return Array.from({ length: count }, () => madeUp(this.#endpoints++));
  }
}

const crowdOf = (count: number, isRacing: boolean): Crowd => {
  const crowd = new Crowd(isRacing);
  for (let index = 0; index < count; index++) crowd.join(`member ${index}`);
  return crowd;
};

describe.each([
  ["racing", true],
  ["serial attempts", false],
])("made-up members, with %s", (_, isRacing) => {
  it.each([
    [1, 12],
    [16, perSecond],
    [100, perSecond],
  ])("%i that tell of another endpoint each second: some %i packets a second go on", (count, bound) => {
    const crowd = crowdOf(count, isRacing);
    for (let second = 0; second < 24; second++) {
      for (const name of crowd.names) crowd.change(name);
      crowd.node.run(1_000);
    }
    expect(crowd.node.most(1_000)).toBeLessThanOrEqual(mostWithin(1_000));
    const lasting = crowd.node.sent.filter(({ at }) => at >= 12_000).length;
    expect(lasting).toBeLessThanOrEqual(12 * bound + mostKnocking);
  });

  it("1,023 that never change", () => {
    const { node } = crowdOf(1_023, isRacing);
    node.run(24_000);
    expect(node.most(1_000)).toBeLessThanOrEqual(mostWithin(1_000));
    const lasting = node.sent.filter(({ at }) => at >= 12_000).length;
    expect(lasting).toBeLessThanOrEqual(12 * perSecond + mostKnocking);
    expect(lasting).toBeGreaterThan(6 * perSecond); // the bucket is no dead end either
  });

  it("members under ever new names are no way round", () => {
    const crowd = crowdOf(100, isRacing);
    for (let second = 0; second < 30; second++) {
      for (const name of crowd.names.slice(0, 50)) crowd.leave(name);
      for (let index = 0; index < 50; index++) crowd.join(`member ${second} ${index}`);
      crowd.node.run(1_000);
    }
    expect(crowd.node.most(1_000)).toBeLessThanOrEqual(mostWithin(1_000));
    expect(crowd.node.sent.length).toBeLessThanOrEqual(mostWithin(30_000));
  });

  it("whatever they tell and when, packets stay within the bound", () => {
    const name = fc.nat(40).map((number) => `member ${number}`);
    const count = fc.integer({ min: 1, max: endpointsEach });
    const event = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(fc.constant("join" as const), name, count) },
      { weight: 4, arbitrary: fc.tuple(fc.constant("change" as const), name, count) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("leave" as const), name) },
      { weight: 4, arbitrary: fc.tuple(fc.constant("run" as const), fc.integer({ min: 1, max: 3_000 })) },
    );
    fc.assert(
      fc.property(fc.array(event, { minLength: 10, maxLength: 80 }), (events) => {
        const crowd = crowdOf(100, isRacing);
        for (const [kind, what, many = 1] of events)
          if (kind === "run") crowd.node.run(what);
          else if (kind === "leave") crowd.leave(what);
          else if (kind === "join" || !crowd.names.includes(what)) crowd.join(what, many);
          else crowd.change(what, many);
        for (const ms of [250, 1_000, 10_000, 60_000])
          expect(crowd.node.most(ms)).toBeLessThanOrEqual(mostWithin(ms));
      }),
      { numRuns: 8 },
    );
  });
});

describe("one made-up member", () => {
  it("has no more than 16 endpoints in a round, and all 64 are raced in the end", () => {
    const crowd = crowdOf(1, true);
    crowd.node.run(120_000);
    expect(crowd.node.most(1, "member 0")).toBe(mostEndpoints);
    expect(crowd.node.asked.size).toBe(endpointsEach);
  });

  it("is raced at once for its news three times in half a minute", () => {
    const crowd = crowdOf(1, true);
    crowd.node.run(240_000); // by now rounds come every 25 s
    const before = crowd.node.sent.length;
    const atOnce = Array.from({ length: 10 }, () => {
      crowd.change("member 0");
      const sent = crowd.node.sent.length;
      crowd.node.run(1);
      return crowd.node.sent.length > sent;
    });
    expect(atOnce.filter(Boolean)).toHaveLength(3);
    expect(atOnce.slice(0, 3)).toEqual([true, true, true]);
    expect(crowd.node.sent.length - before).toBe(3 * mostEndpoints);
  });
});

/** The bucket is empty by then. */
const flooded = (count: number): Crowd => {
  const crowd = crowdOf(count, true);
  crowd.node.run(30_000);
  return crowd;
};
const packetsFor = ({ node }: Crowd, name: string, since: number): number[] =>
  node.sent.filter(({ to, at }) => to === name && at >= since).map(({ at }) => at - since);

describe("peers that wait beside made-up ones", () => {
  it("get as many packets as any other, however many endpoints that one has", () => {
    const crowd = flooded(200);
    crowd.join("honest", 3);
    crowd.node.run(80_000);
    const honest = packetsFor(crowd, "honest", 30_000);
    // By rounds it would be among 200 with 16 packets each, and 60 packets a second are left: 53 s for one turn.
    expect(Math.min(...honest)).toBeLessThan(20_000);
    expect(honest.length).toBeGreaterThanOrEqual(6 * 3);
  });

  it("are not put off by members under ever new names", () => {
    const crowd = flooded(200);
    crowd.join("honest", 3);
    for (let second = 0; second < 30; second++) {
      for (const name of crowd.names.filter((each) => each !== "honest").slice(0, 100)) crowd.leave(name);
      for (let index = 0; index < 100; index++) crowd.join(`new ${second} ${index}`, 1 + (index % 3));
      crowd.node.run(1_000);
    }
    const honest = packetsFor(crowd, "honest", 30_000);
    expect(Math.min(...honest)).toBeLessThan(5_000);
    expect(honest.length).toBeGreaterThanOrEqual(4 * 3);
  });
});
