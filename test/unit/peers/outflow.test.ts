import { expect, test } from "vitest";
import { pollPeers } from "../../../src/peers/all.ts";
import { answered, noPeers, type Polled, stateOf } from "../../../src/peers/index.ts";
import { isCutOff, noteOutflow } from "../../../src/peers/outflow.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { endpoint, key, peerSpec } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const current = endpoint("198.51.100.1:1");
const spec = peerSpec(1, [current]);

interface Traffic {
  readonly given: number | undefined;
  readonly sent: number;
  readonly received: number;
}

const device = ({ given, sent, received }: Traffic): ObservedDevice => ({
  listenPort: 51820,
  firewallMark: 0x20,
  ...(given !== undefined && { givenBytes: given }),
  peers: new Map([
    [
      key(1),
      {
        publicKey: key(1),
        endpoint: current,
        allowedIPs: spec.allowedIPs,
        handshakeAt: start - 10_000,
        receivedBytes: received,
        sentBytes: sent,
        keepaliveSeconds: 25,
      },
    ],
  ]),
});

/** The second in which each state begins, where `after` says what the counters are so many seconds after the start. */
function states(after: (second: number) => Traffic, { isAnswering = false, isRacing = true } = {}): string[] {
  const seen: string[] = [];
  let polled: Polled | undefined;
  let last = "";
  for (let second = 0; second < 40; second++) {
    const now = start + second * 1000;
    const racing = isRacing ? { racing: { ownKey: key(9), mayDialSerially: false } } : {};
    polled = pollPeers([spec], device(after(second)), polled?.memory ?? noPeers, now, "known", racing);
    const connection = polled.memory.connections.get(key(1)) ?? expect.fail("it is not known");
    const state = connection.phase === "doubted" ? "doubted" : stateOf(connection);
    if (state !== last) seen.push(`${second}: ${state}`);
    last = state;
    if (isAnswering && polled.races.length > 0) {
      const answer = { endpoint: current, sentAt: now, answeredAt: now + 10, roundTripMs: 10 };
      const connections = new Map([[key(1), answered(connection, answer)]]);
      polled = { ...polled, memory: { ...polled.memory, connections } };
    }
  }
  return seen;
}

const idle = { sent: 1_000, received: 1_000 };
const cutOff = (second: number): Traffic => ({ ...idle, given: second * 100 });
const at = (given: number, sent: number): ObservedDevice => device({ given, sent, received: 0 });

test("a peer is doubted 4 s after nothing gets out any more, and down after 25 s, as where nothing comes back", () => {
  expect(states(cutOff)).toEqual(["0: up", "6: doubted", "27: down"]);
  expect(states(cutOff, { isRacing: false })).toEqual(["0: up", "6: doubted", "27: down"]);
});

test.each<[string, (second: number) => Traffic]>([
  ["nobody tells what was given to the link", () => ({ ...idle, given: undefined })],
  ["nothing was given to the link", () => ({ ...idle, given: 5_000 })],
  [
    "the link gets what only it is for, such as a router solicitation",
    (second) => ({ ...idle, given: Math.min(168, second * 56) }),
  ],
])("no peer is doubted where %s", (_, after) => {
  expect(states((second) => after(Math.min(second, 25)))).not.toContain("6: doubted");
});

test("data for a peer that has no session is no sign of anything, as the one that is up answers", () => {
  expect(states(cutOff, { isAnswering: true })).toEqual([
    "0: up",
    "6: doubted",
    "7: up",
    "37: doubted", // nothing was heard for 30 s since
    "38: up",
  ]);
});

test("it is over when something is sent, and not when a dial takes the counters back", () => {
  const first = noteOutflow(undefined, at(0, 1_000), start);
  const unsent = noteOutflow(first, at(500, 1_000), start + 1);
  expect(unsent?.unsentSince).toBe(start + 1);
  const dialled = noteOutflow(unsent, at(600, 0), start + 2);
  expect(dialled?.unsentSince).toBe(start + 1);
  expect(noteOutflow(dialled, at(700, 148), start + 3)).toEqual({ givenBytes: 700, sentBytes: 148 });
  const anew = noteOutflow(noteOutflow(undefined, at(700, 148), start), at(10, 0), start + 3);
  expect(anew).toEqual({ givenBytes: 10, sentBytes: 0 });
});

test("a peer that is heard since is not cut off", () => {
  const counters = { receivedBytes: 0, sentBytes: 0, receivedAt: start };
  expect(isCutOff(counters, start, "doubtfulUnansweredMs", start + 4_000)).toBe(true);
  expect(isCutOff(counters, start, "doubtfulUnansweredMs", start + 3_999)).toBe(false);
  expect(isCutOff({ ...counters, receivedAt: start + 1 }, start, "doubtfulUnansweredMs", start + 9_000)).toBe(
    false,
  );
  expect(isCutOff({ ...counters, verifiedAt: start + 1 }, start, "silentUnansweredMs", start + 90_000)).toBe(
    false,
  );
});
