import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import type { Connection, Phase, Probe } from "../../../src/peers/connection.ts";
import { pinsOf } from "../../../src/peers/pins.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { endpoint, key } from "../mesh/values.ts";

const [one, two, three] = ["203.0.113.1:1", "203.0.113.2:1", "203.0.113.3:1"].map(endpoint) as [
  Endpoint,
  Endpoint,
  Endpoint,
];

const counters = { receivedBytes: 0, sentBytes: 0, receivedAt: 0 };
const rounds = { since: 0, roundAt: 0, rounds: 1, samples: 0, countedAt: 0 };

/** A peer that is reached at `at`, was at `from`, and for which `probed` is promising. */
function connection(
  phase: Exclude<Phase, "probing"> | Probe["stage"],
  at: Endpoint,
  from: Endpoint,
  probed: Endpoint,
): Connection {
  const path = { endpoint: at, since: 0, changes: 0, known: [], probes: 1 };
  const shared = { received: { bytes: 0 }, roundTrips: new Map(), path, attempt: undefined };
  const pursued = { ...shared, counters, race: undefined, turn: undefined };
  const told = { since: 0, toldAt: 0, told: 1, isReminded: false, hereMs: 0 };
  const move = { from, to: at, promising: [probed], ...told };
  const probe = { from, promising: [probed], ...rounds, hereMs: 0 };
  switch (phase) {
    case "connecting":
      return { ...pursued, phase, state: "down" };
    case "up":
      return { ...shared, phase, counters };
    case "doubted":
      return { ...pursued, phase };
    case "here":
      return { ...pursued, phase: "probing", probe: { ...probe, stage: "here" } };
    case "there":
      return { ...pursued, phase: "probing", probe: { ...probe, stage: phase, best: undefined } };
    case "settling":
    case "returning":
      return { ...pursued, phase, move };
  }
}

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

describe("what is pinned", () => {
  it.each([
    ["connecting", one, []],
    ["up", one, []],
    ["doubted", one, []],
    ["here", one, []],
    ["there", one, []],
    ["settling", two, [{ to: two, instead: [one] }]],
    ["returning", one, [{ to: one, instead: [two] }]],
  ] as const)("while %s", (phase, at, pins) => {
    const connections = new Map([[key(0), connection(phase, at, one, two)]]);
    expect(pinsOf(connections, deviceWith(at))).toEqual(pins);
  });

  it("is nothing where another peer is reached", () => {
    const connections = new Map([[key(0), connection("settling", two, one, two)]]);
    expect(pinsOf(connections, deviceWith(two, one))).toEqual([]);
  });

  it("is nothing where another peer is moved to, or from", () => {
    const connections = new Map([
      [key(0), connection("settling", two, one, two)],
      [key(1), connection("settling", three, one, three)],
    ]);
    expect(pinsOf(connections, deviceWith(two, three))).toEqual([]);
    connections.set(key(1), connection("settling", one, three, one));
    expect(pinsOf(connections, deviceWith(two, two))).toEqual([{ to: one, instead: [three] }]);
  });
});
