import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import { holdsOf } from "../../../src/peers/holds.ts";
import type { Path } from "../../../src/peers/path.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { endpoint, key } from "../mesh/values.ts";

const [one, two, three] = ["203.0.113.1:1", "203.0.113.2:1", "203.0.113.3:1"].map(endpoint) as [
  Endpoint,
  Endpoint,
  Endpoint,
];

const path = (
  stage: NonNullable<Path["search"]>["stage"],
  at: Endpoint,
  from: Endpoint,
  asked: Endpoint,
): Path => ({
  endpoint: at,
  since: 0,
  isUp: true,
  changes: 0,
  roundTrips: new Map(),
  known: [],
  searches: 1,
  search: { stage, from, asked: [asked], stageAt: 0, actedAt: 0, acts: 1, samples: 0, countedAt: 0 },
});

const deviceWith = (...endpoints: readonly Endpoint[]): ObservedDevice => ({
  listenPort: 51820,
  firewallMark: 0x20,
  peers: new Map(
    endpoints.map((each, index) => [
      key(index),
      {
        publicKey: key(index),
        endpoint: each,
        allowedIPs: [],
        receivedBytes: 0,
        sentBytes: 0,
        keepaliveSeconds: 25,
      },
    ]),
  ),
});

describe("what is held", () => {
  it.each([
    ["measuring", one, []],
    ["asking", one, []],
    ["settling", two, [{ to: two, instead: [one] }]],
    ["returning", one, [{ to: one, instead: [two] }]],
  ] as const)("while %s", (stage, at, holds) => {
    const paths = new Map([[key(0), path(stage, at, one, two)]]);
    expect(holdsOf(paths, deviceWith(at))).toEqual(holds);
  });

  it("is nothing where another peer is reached", () => {
    const paths = new Map([[key(0), path("settling", two, one, two)]]);
    expect(holdsOf(paths, deviceWith(two, one))).toEqual([]);
  });

  it("is nothing where another peer is led to, or from", () => {
    const paths = new Map([
      [key(0), path("settling", two, one, two)],
      [key(1), path("settling", three, one, three)],
    ]);
    expect(holdsOf(paths, deviceWith(two, three))).toEqual([]);
    paths.set(key(1), path("settling", one, three, one));
    expect(holdsOf(paths, deviceWith(two, two))).toEqual([{ to: one, instead: [three] }]);
  });
});
