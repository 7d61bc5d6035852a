import { describe, expect, it } from "vitest";
import { answered, type Connection, isRaced, stateOf } from "../../../src/peers/connection.ts";
import { endpoint } from "../mesh/values.ts";

const [one, two] = [endpoint("198.51.100.1:1"), endpoint("198.51.100.2:2")];
const shared = {
  received: { bytes: 0 },
  roundTrips: new Map([[two, 40]]),
  path: undefined,
  attempt: undefined,
};
const counters = { receivedBytes: 0, sentBytes: 0, receivedAt: 0 };
const race = { firstAt: 0, lastAt: 5, rounds: 3, known: [one, two] };
const answer = { endpoint: one, sentAt: 5, answeredAt: 17, roundTripMs: 12.3 };

const connecting: Connection = {
  ...shared,
  phase: "connecting",
  state: "down",
  counters: undefined,
  race,
  turn: undefined,
};
const up: Connection = { ...shared, phase: "up", counters };

describe("an answer to a race", () => {
  it("stands in the race, whose rounds count anew, and its round trip with the others", () => {
    expect(answered(connecting, answer)).toEqual({
      ...connecting,
      race: { ...race, rounds: 0, answer },
      roundTrips: new Map([
        [two, 40],
        [one, 12.3],
      ]),
    });
  });

  it.each<[string, Connection]>([
    ["is up", up],
    ["is raced no more", { ...connecting, race: undefined }],
  ])("leaves of a peer that %s its round trip alone", (_, before) => {
    const after = answered(before, answer);
    expect(isRaced(before)).toBe(false);
    expect(after).toEqual({ ...before, roundTrips: after.roundTrips });
    expect(after.roundTrips.get(one)).toBe(12.3);
  });
});

it("a peer is up in every phase but one, and unknown before it is polled", () => {
  expect([undefined, connecting, up, { ...up, phase: "doubted" } as Connection].map(stateOf)).toEqual([
    "unknown",
    "down",
    "up",
    "up",
  ]);
});
