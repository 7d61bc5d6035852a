import { describe, expect, it } from "vitest";
import {
  type Need,
  type RacingSituation,
  racingNeed,
  type Situation,
} from "../../../src/peers/connecting.ts";
import type { Race } from "../../../src/peers/race.ts";
import type { Attempt } from "../../../src/peers/rotation.ts";
import { endpoint } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const [first, second] = [endpoint("198.51.100.1:1"), endpoint("198.51.100.2:2")];
const candidates = [first, second];

const attempt = (since: number, round = 0): Attempt => ({ endpoint: first, since, round, known: candidates });
const raced = (at: number, rounds: number): Race => ({
  firstAt: start,
  lastAt: at,
  rounds,
  known: candidates,
});
/** The first candidate answered a round within 10 ms. */
const won = (sentAt: number): Race => ({
  ...raced(sentAt, 0),
  answer: { endpoint: first, sentAt, answeredAt: sentAt + 10, roundTripMs: 10 },
});

/** Of a peer that is not connected, 100 s after the first round, by the node with the lower key. */
function needOf(
  situation: Partial<Situation> = {},
  racing: Partial<RacingSituation> = {},
  now = start,
): Need {
  return racingNeed(
    { candidates, last: undefined, isHeard: false, ...situation },
    {
      race: undefined,
      received: { bytes: 0 },
      keys: { own: "a", peer: "b" },
      mayDialSerially: true,
      ...racing,
    },
    now,
  );
}

describe("racingNeed", () => {
  it.each<[string, Need, Need["kind"] | number | undefined]>([
    ["a peer that was just found", needOf(), "race"],
    ["a peer without candidates", needOf({ candidates: [] }), undefined],
    ["a round that may still be answered", needOf({}, { race: raced(start, 1) }, start + 100), 150],
    ["a round in vain", needOf({}, { race: raced(start, 1) }, start + 250), "race"],
    ["three in vain", needOf({}, { race: raced(start, 3) }, start + 900), 100],
    ["many in vain", needOf({}, { race: raced(start, 20) }, start + 28_000), "race"],
    ["very many in vain", needOf({}, { race: raced(start, 60) }, start + 150_000), "race"],
    [
      "a candidate that is news",
      needOf({}, { race: { ...raced(start, 3), known: [first] } }, start + 1),
      "race",
    ],
    ["an answer, too soon for another initiation", needOf({}, { race: won(start) }, start + 10), 15],
    ["an answer", needOf({}, { race: won(start) }, start + 25), "dial"],
    ["a handshake under way", needOf({ last: attempt(start + 25) }, { race: won(start) }, start + 225), 100],
    [
      "a handshake that did not happen",
      needOf({ last: attempt(start + 25) }, { race: won(start) }, start + 325),
      "race",
    ],
    [
      "another answer after a handshake that did not happen",
      needOf({ last: attempt(start + 25), isHeard: true }, { race: won(start + 330) }, start + 355),
      "dial",
    ],
    [
      "one that did not happen twice",
      needOf({ last: attempt(start + 25, 1) }, { race: won(start) }, start + 325),
      300,
    ],
    [
      "one that did not happen many times",
      needOf({ last: attempt(start + 25, 9), isHeard: true }, { race: won(start) }, start + 325),
      2_700,
    ],
    ["a serial attempt", needOf({ last: attempt(start) }, { race: raced(start, 4) }, start + 400), 600],
    [
      "a serial attempt that the peer was heard in",
      needOf({ last: attempt(start), isHeard: true }, { race: raced(start, 4) }, start + 1_400),
      1_600,
    ],
    [
      "rounds in vain, and serial attempts allowed",
      needOf({}, { race: raced(start, 4) }, start + 51),
      "dial",
    ],
    [
      "rounds in vain, and none allowed",
      needOf({}, { race: raced(start, 4), mayDialSerially: false }, start + 51),
      1_949,
    ],
  ])("%s", (_, actual, expected) => {
    if (typeof expected === "string") expect(actual.kind).toBe(expected);
    else expect(actual).toEqual({ kind: "wait", forMs: expected });
  });

  it("leaves the dialling to the lower key, once the peer was heard", () => {
    const received = { bytes: 148, at: start };
    const higher = { own: "b", peer: "a" };
    expect(needOf({}, { received }, start + 200).kind).toBe("race");
    expect(needOf({}, { received, keys: higher }, start + 200)).toEqual({ kind: "wait", forMs: 800 });
    expect(needOf({}, { received, keys: higher }, start + 1_000).kind).toBe("race");
  });

  it("dials where the answer came from", () => {
    const answer = { endpoint: second, sentAt: start, answeredAt: start + 10, roundTripMs: 10 };
    const race = { ...won(start), answer };
    expect(needOf({ last: attempt(start - 9_000, 3) }, { race }, start + 25)).toEqual({
      kind: "dial",
      attempt: { endpoint: second, since: start + 25, round: 4, known: candidates },
    });
  });
});
