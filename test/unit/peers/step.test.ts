import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pollPeers } from "../../../src/peers/all.ts";
import type { Connection, Phase } from "../../../src/peers/connection.ts";
import { noPeers } from "../../../src/peers/index.ts";
import type { View } from "../../../src/peers/proposal.ts";
import { step } from "../../../src/peers/step.ts";
import { probeLimits } from "../../../src/peers/timings.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { anyConnection, anyView, now } from "./arbitrary.ts";

type Arrow = `${Phase | "new"} -> ${Phase}`;

/** The arrows of the diagram in connection.ts: by themselves, and where a proposal is granted. */
const bySight: readonly Arrow[] = [
  "new -> connecting",
  "new -> up",
  "new -> doubted",
  "connecting -> connecting",
  "connecting -> up",
  "connecting -> doubted",
  "up -> connecting",
  "up -> up",
  "up -> doubted",
  "doubted -> connecting",
  "doubted -> up",
  "doubted -> doubted",
  "probing -> connecting",
  "probing -> up",
  "probing -> doubted",
  "probing -> probing",
  "settling -> connecting",
  "settling -> up",
  "settling -> doubted",
  "settling -> settling",
  "returning -> connecting",
  "returning -> up",
  "returning -> doubted",
  "returning -> returning",
];
/** Each with what it costs. */
const byGrant: readonly `${Arrow}: ${"dial" | "race" | "move"}`[] = [
  "new -> connecting: dial",
  "new -> connecting: race",
  "new -> doubted: race",
  "connecting -> connecting: dial",
  "connecting -> connecting: race",
  "connecting -> doubted: race",
  "connecting -> up: move",
  "up -> connecting: dial",
  "up -> connecting: race",
  "up -> doubted: race",
  "up -> probing: race",
  "doubted -> connecting: dial",
  "doubted -> connecting: race",
  "doubted -> doubted: race",
  "doubted -> probing: race",
  "doubted -> up: move",
  "probing -> connecting: dial",
  "probing -> connecting: race",
  "probing -> doubted: race",
  "probing -> probing: race",
  "probing -> returning: race",
  "probing -> settling: move",
  "probing -> up: move",
  "settling -> connecting: dial",
  "settling -> connecting: race",
  "settling -> doubted: race",
  "settling -> settling: move",
  "settling -> settling: race",
  "settling -> up: move",
  "returning -> connecting: dial",
  "returning -> connecting: race",
  "returning -> doubted: race",
  "returning -> returning: move",
  "returning -> returning: race",
  "returning -> up: move",
];

const maybeConnection = fc.option(anyConnection, { nil: undefined, freq: 12 });
const cases: fc.Arbitrary<[Connection | undefined, View]> = fc.tuple(maybeConnection, anyView);
const many = { numRuns: 30_000, seed: 1 };

describe("a step", () => {
  const [seen, granted] = [new Set<string>(), new Set<string>()];
  for (const [before, view] of fc.sample(cases, many)) {
    const { next, proposal } = step(before, view, now);
    const from = before?.phase ?? "new";
    seen.add(`${from} -> ${next.phase}`);
    if (proposal) granted.add(`${from} -> ${proposal.after.phase}: ${proposal.do.kind}`);
  }

  it("takes every arrow of the diagram, and no other", () => {
    expect([...seen].toSorted()).toEqual(bySight.toSorted());
  });

  it("proposes every arrow that costs something, and no other", () => {
    expect([...granted].toSorted()).toEqual(byGrant.toSorted());
  });

  it("never dials a peer that is up, raced or not", () => {
    fc.assert(
      fc.property(cases, ([before, view]) => {
        const { next, proposal } = step(before, view, now);
        if (next.phase === "connecting") return;
        expect(proposal?.do.kind).not.toBe("dial");
        if (!view.racing) expect(proposal).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it("polls in a time that is none of the past, and costs at least a packet", () => {
    fc.assert(
      fc.property(cases, ([before, view]) => {
        const { pollInMs, proposal } = step(before, view, now);
        expect(pollInMs).toBeGreaterThan(0);
        if (proposal) expect(Math.min(proposal.pollInMs, proposal.cost.packets)).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

const deviceOf = ({ observed }: View): ObservedDevice => ({
  listenPort: 51820,
  firewallMark: 0x20,
  peers: new Map(observed ? [[observed.publicKey, observed]] : []),
});
const share = (left: number) => ({ left, at: now, count: 0 });

/** One poll of one peer, with so many packets left. */
function polled(before: Connection | undefined, view: View, left: number) {
  const { spec, racing, shakenAt, peers } = view;
  const { publicKey } = spec;
  const memory = {
    ...noPeers,
    connections: new Map(before ? [[publicKey, before]] : []),
    packets: { proven: share(left), unproven: share(left) },
  };
  const none = { proven: 0, unproven: 0 };
  const circumstances = { racing, shakenAt, all: { count: peers, knocking: none, waiting: none } };
  const all = pollPeers([spec], deviceOf(view), memory, now, "known", circumstances);
  const connection = all.memory.connections.get(publicKey);
  const [peer] = all.peers;
  return { ...all, connection: connection && ofStep(connection), action: peer?.action };
}

/** Removes what a step does not decide: the turn is the budget's, and history and keepalive are written after it. */
function ofStep({ history: _history, keepalive: _keepalive, ...connection }: Connection): Connection {
  return connection.phase === "up" ? connection : { ...connection, turn: undefined };
}

describe("what is proposed", () => {
  it("has not happened where it is not granted: nothing is sent, told or remembered, and it is proposed again", () => {
    fc.assert(
      fc.property(cases, ([before, view]) => {
        const { next, proposal, do: idle } = step(before, view, now);
        const { connection, action, races, wakeInMs, memory } = polled(before, view, 0);
        expect([memory.probes?.left, memory.packets?.proven.left, memory.packets?.unproven.left]).toEqual([
          probeLimits.most,
          0,
          0,
        ]);
        expect(races).toEqual([]);
        expect(action).toEqual(idle);
        expect(connection).toEqual(ofStep(next));
        expect(next.attempt?.since).toBe(before?.attempt?.since);
        expect(next.attempt?.endpoint).toBe(before?.attempt?.endpoint);
        if (next.phase !== "up" && before && before.phase !== "up" && view.racing)
          expect(next.race).toBe(before.race);
        if (!proposal) return;
        expect(wakeInMs).toBeGreaterThan(0);
        const again = step(next, view, now).proposal;
        expect([again?.do, again?.cost, again?.after.phase]).toEqual([
          proposal.do,
          proposal.cost,
          proposal.after.phase,
        ]);
      }),
      { numRuns: 10_000 },
    );
  });

  it("has happened where it is granted", () => {
    fc.assert(
      fc.property(cases, ([before, view]) => {
        const { next, proposal, do: idle } = step(before, view, now);
        const { connection, action, races, memory } = polled(before, view, 100);
        expect(connection).toEqual(ofStep(proposal?.after ?? next));
        const isRace = proposal?.do.kind === "race";
        expect(action).toEqual(proposal && !isRace ? proposal.do : idle);
        expect(races.map(({ endpoints }) => endpoints)).toEqual(isRace ? [proposal.do.endpoints] : []);
        const left = (memory.packets?.proven.left ?? 0) + (memory.packets?.unproven.left ?? 0);
        expect(left).toBe(200 - (proposal?.cost.packets ?? 0));
        expect(memory.probes?.left).toBe(probeLimits.most - (proposal?.cost.probes ?? 0));
      }),
      { numRuns: 5_000 },
    );
  });
});
