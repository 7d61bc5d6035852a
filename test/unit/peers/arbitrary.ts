import fc from "fast-check";
import type { Endpoint } from "../../../src/net/index.ts";
import type { Connection, Move, Phase, Probe } from "../../../src/peers/connection.ts";
import type { View } from "../../../src/peers/proposal.ts";
import type { ObservedPeer } from "../../../src/wireguard/index.ts";
import { candidate, endpoint, key, peerSpec, prefix } from "../mesh/values.ts";

/** Any connection and any view of it, of one peer with few endpoints: most of what may come together does. */
export const now = 1_700_000_000_000;
const endpoints = ["198.51.100.1:1", "198.51.100.2:2", "10.0.0.3:3"].map(endpoint) as [
  Endpoint,
  Endpoint,
  Endpoint,
];

const some = fc.constantFrom(...endpoints);
const maybe = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(values, { nil: undefined });
/** Some time ago: a moment, seconds, minutes or hours. */
const ago = fc
  .tuple(fc.integer({ min: 0, max: 1_000 }), fc.constantFrom(1, 30, 1_000, 20_000))
  .map(([count, times]) => now - count * times);
const few = fc.integer({ min: 0, max: 6 });
const lists = fc.subarray(endpoints);
const roundTripMs = fc.constantFrom(0, 1, 40, 200);
const bytes = fc.constantFrom(0, 148, 1_000, 5_000);
const merged = <One extends object, Other extends object>(
  one: fc.Arbitrary<One>,
  other: fc.Arbitrary<Other>,
): fc.Arbitrary<One & Other> => fc.tuple(one, other).map(([left, right]) => ({ ...left, ...right }));

const answer = fc
  .record({ endpoint: some, sentAt: ago, roundTripMs })
  .map((each) => ({ ...each, answeredAt: each.sentAt + each.roundTripMs }));
const race = merged(
  fc.record({ firstAt: ago, lastAt: ago, rounds: few, known: lists }),
  fc.record({ answer, verifies: fc.constant(true as const) }, { requiredKeys: [] }),
);
const counters = merged(
  fc.record({ receivedBytes: bytes, sentBytes: bytes, receivedAt: ago }),
  fc.record(
    {
      unansweredAt: ago,
      verifiedAt: ago,
      doubtedAt: ago,
      patienceMs: fc.constantFrom(500, 4_000),
      wrong: fc.record({ count: few, at: ago }),
      talk: merged(
        fc.record({ since: ago, receivedBytes: bytes, sentBytes: bytes }),
        fc.record({ at: ago }, { requiredKeys: [] }),
      ),
    },
    { requiredKeys: [] },
  ),
);
const path = merged(
  fc.record({ endpoint: some, since: ago, changes: few, known: lists, probes: few }),
  fc.record({ probedAt: ago, movedAt: ago, overAt: ago, seenAt: ago }, { requiredKeys: [] }),
);
const attempt = fc.record({ endpoint: some, since: ago, round: few, known: lists });
const shared = fc.record({
  received: fc.record({ bytes, at: ago }, { requiredKeys: ["bytes"] }),
  roundTrips: fc
    .array(fc.tuple(some, roundTripMs))
    .map((each): ReadonlyMap<Endpoint, number> => new Map(each)),
  path: maybe(path),
  attempt: maybe(attempt),
});
const turn = maybe(fc.record({ at: few, isWaiting: fc.boolean() }));
const pursued = merged(shared, fc.record({ race: maybe(race), turn }));
const connected = merged(pursued, fc.record({ counters, path }));
const rounds = fc.record({
  from: some,
  promising: lists,
  since: ago,
  roundAt: ago,
  rounds: fc.integer({ min: 1, max: 4 }),
  samples: few,
  countedAt: ago,
});
const probe: fc.Arbitrary<Probe> = fc.oneof(
  merged(rounds, fc.record({ stage: fc.constant("here" as const), hereMs: maybe(roundTripMs) })),
  merged(
    rounds,
    fc.record({
      stage: fc.constant("there" as const),
      promising: fc.subarray(endpoints, { minLength: 1 }),
      hereMs: roundTripMs,
      best: maybe(fc.record({ endpoint: some, roundTripMs })),
    }),
  ),
);
const move: fc.Arbitrary<Move> = fc.record({
  from: some,
  to: some,
  promising: lists,
  since: ago,
  toldAt: ago,
  told: fc.integer({ min: 1, max: 4 }),
  isReminded: fc.boolean(),
  hereMs: roundTripMs,
});

const phase = <Name extends Phase>(name: Name) => fc.record({ phase: fc.constant(name) });
const byPhase: Readonly<Record<Phase, fc.Arbitrary<Connection>>> = {
  connecting: merged(
    merged(pursued, phase("connecting")),
    fc.record({ state: fc.constantFrom("down", "unknown"), counters: maybe(counters) }),
  ),
  up: merged(merged(shared, phase("up")), fc.record({ counters })),
  doubted: merged(merged(pursued, phase("doubted")), fc.record({ counters })),
  probing: merged(merged(connected, phase("probing")), fc.record({ probe })),
  settling: merged(merged(connected, phase("settling")), fc.record({ move })),
  returning: merged(merged(connected, phase("returning")), fc.record({ move })),
};

export const anyConnection = fc.oneof(...Object.values(byPhase));

const observed: fc.Arbitrary<ObservedPeer> = merged(
  fc.record({
    publicKey: fc.constant(key(1)),
    allowedIPs: fc.subarray([prefix("10.1.0.0/16")]),
    receivedBytes: bytes,
    sentBytes: bytes,
    keepaliveSeconds: fc.constantFrom(0, 25),
  }),
  fc.record({ endpoint: some, handshakeAt: ago }, { requiredKeys: [] }),
);

const classes = fc.constantFrom(0 as const, 1 as const, 2 as const);
export const anyView: fc.Arbitrary<View> = fc.record({
  spec: fc
    .tuple(lists, fc.array(classes, { minLength: 3, maxLength: 3 }), fc.subarray([prefix("10.1.0.0/16")]))
    .map(([candidates, kinds, allowedIPs]) =>
      peerSpec(1, candidates, {
        candidates: candidates.map((each, index) => candidate(each, { class: kinds[index] ?? 2 })),
        allowedIPs,
      }),
    ),
  observed: maybe(observed),
  keepaliveSeconds: fc.constant(25),
  peers: fc.constantFrom(1, 1_000),
  racing: maybe(fc.record({ ownKey: fc.constantFrom(key(0), key(2)), mayDialSerially: fc.boolean() })),
  shakenAt: maybe(ago),
});
