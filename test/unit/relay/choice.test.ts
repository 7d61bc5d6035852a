import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import type { Connection, PeerSpec } from "../../../src/peers/index.ts";
import { neighboursOf, standInsFrom } from "../../../src/relay/index.ts";
import { endpoint, key, peerSpec } from "../mesh/values.ts";

const at = (number: number): Endpoint => endpoint(`203.0.113.${number}:51820`);
const relay = (number: number): PeerSpec => peerSpec(number, [at(number)], { relays: true });
const own = { publicKey: key(0), mayUse: true };

const device = (endpoints: Readonly<Record<number, Endpoint>>) => ({
  peers: new Map(
    Object.entries(endpoints).map(([number, each]) => [
      key(Number(number)),
      {
        publicKey: key(Number(number)),
        endpoint: each,
        allowedIPs: [],
        receivedBytes: 1,
        sentBytes: 1,
        keepaliveSeconds: 25,
      },
    ]),
  ),
});

const connections = (numbers: readonly number[], roundTrips: Readonly<Record<number, number>> = {}) =>
  new Map(
    numbers.map((number) => {
      const measured = roundTrips[number];
      const up: Connection = {
        phase: "up",
        counters: {} as never,
        received: { bytes: 1 },
        roundTrips: new Map(measured === undefined ? [] : [[at(number), measured]]),
        path: undefined,
        attempt: undefined,
      };
      return [key(number), up] as const;
    }),
  );

const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
const everywhere = device(Object.fromEntries(numbers.map((number) => [number, at(number)])));

const from = (publicKey: string) =>
  standInsFrom({ ...own, publicKey }, numbers.map(relay), connections(numbers), everywhere, undefined);

describe("standInsFrom", () => {
  it("is nothing where nobody relays", () => {
    expect(
      standInsFrom(own, [peerSpec(1, [at(1)])], connections([1]), everywhere, undefined),
    ).toBeUndefined();
  });

  it("gives each peer three relays that are connected, but never itself", () => {
    const found = standInsFrom(own, numbers.map(relay), connections([1, 2, 3, 4]), everywhere, undefined);
    const vias = (found?.of(key(1)) ?? []).map(({ via }) => via);
    expect(vias.length).toBe(3);
    expect(vias.toSorted()).toEqual(["node-2", "node-3", "node-4"]);
    expect(found?.all.size).toBe(4);
  });

  it("believes nobody who says that it relays at another member's endpoint, and was never connected there", () => {
    const liar = peerSpec(9, [at(1)], { relays: true });
    const shadowed = { peers: new Map(everywhere.peers) };
    const of1 = everywhere.peers.get(key(1)) ?? expect.fail("no peer");
    shadowed.peers.set(key(9), of1);
    for (const specs of [
      [liar, relay(1)],
      [relay(1), liar],
    ]) {
      const found = standInsFrom(own, specs, connections([1]), shadowed, undefined);
      expect([...(found?.all.values() ?? [])].map(({ owner }) => owner)).toEqual([key(1)]);
      expect(standInsFrom(own, [liar], connections([]), shadowed, undefined)?.all.size ?? 0).toBe(0);
    }
  });

  it("takes the nearest first, and spreads pairs over those that are equally near", () => {
    const trips = Object.fromEntries(numbers.map((number) => [number, number <= 4 ? 3 : 80]));
    const found = standInsFrom(own, numbers.map(relay), connections(numbers, trips), everywhere, undefined);
    const firsts = Array.from({ length: 400 }, (_, index) => found?.of(key(20 + index))[0]?.via);
    const counts = [1, 2, 3, 4].map((number) => firsts.filter((via) => via === `node-${number}`).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(400);
    for (const count of counts) expect(count).toBeGreaterThan(60);
  });

  it("gives both nodes of a pair the same order", () => {
    expect(from(key(30))?.of(key(31))).toEqual(from(key(31))?.of(key(30)));
  });

  it("stays the same object until a relay comes, goes or moves", () => {
    const specs = numbers.map(relay);
    const before = standInsFrom(own, specs, connections(numbers), everywhere, undefined);
    const measured = connections(numbers, { 1: 5 });
    expect(standInsFrom(own, specs, measured, everywhere, before)).toBe(before);
    expect(standInsFrom(own, specs, connections([1, 2]), everywhere, before)).not.toBe(before);
    const moved = device({ 1: at(99) });
    expect(standInsFrom(own, specs, connections(numbers), moved, before)).not.toBe(before);
  });

  it("takes no relay that is itself reached by way of another one", () => {
    const behind = device({ 1: at(1), 2: at(1) });
    for (const specs of [
      [relay(1), relay(2)],
      [relay(2), relay(1)],
    ]) {
      const found = standInsFrom(own, specs, connections([1, 2]), behind, undefined);
      expect([...(found?.all ?? [])].map(([, { via }]) => via)).toEqual(["node-1"]);
    }
  });

  it("knows the endpoints of relays, and chooses none, where this node is not to use them", () => {
    const found = standInsFrom(
      { ...own, mayUse: false },
      [relay(1)],
      connections([1]),
      everywhere,
      undefined,
    );
    expect(found?.of(key(2))).toEqual([]);
    expect(found?.all.size).toBe(1);
  });
});

describe("neighboursOf", () => {
  const specs = [relay(1), peerSpec(2, []), peerSpec(3, []), peerSpec(4, [])];
  const seen = device({ 1: at(1), 2: at(1), 3: at(3), 4: at(4) });

  it("are those that are connected at an endpoint of their own", () => {
    const standIns = standInsFrom(own, specs, connections([1, 2, 3]), seen, undefined);
    expect(neighboursOf(specs, connections([1, 2, 3]), seen, standIns)).toEqual([
      { publicKey: key(1), endpoint: at(1) },
      { publicKey: key(3), endpoint: at(3) },
    ]);
  });

  it("are none that share an endpoint, if it is not known whose it is", () => {
    const plain = [peerSpec(1, [at(1)]), ...specs.slice(1)];
    expect(neighboursOf(plain, connections([1, 2, 3]), seen, undefined)).toEqual([
      { publicKey: key(3), endpoint: at(3) },
    ]);
  });
});
