import { describe, expect, it } from "vitest";
import type { Attempt, Contest } from "../../../src/peers/index.ts";
import { type RacingSituation, racingWish, type Situation, type Wish } from "../../../src/peers/wish.ts";
import { endpoint } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const [first, second] = [endpoint("198.51.100.1:1"), endpoint("198.51.100.2:2")];
const candidates = [first, second];

const attempt = (since: number, round = 0): Attempt => ({ endpoint: first, since, round, known: candidates });
const volley = (at: number, volleys: number): Contest => ({
  firstAt: start,
  lastAt: at,
  volleys,
  known: candidates,
});
/** The first candidate answered a volley within 10 ms. */
const won = (sentAt: number): Contest => ({
  ...volley(sentAt, 0),
  answer: { endpoint: first, sentAt, answeredAt: sentAt + 10 },
});

/** Of a peer that is not connected, 100 s after the first volley, by the node with the lower key. */
function wish(situation: Partial<Situation> = {}, racing: Partial<RacingSituation> = {}, now = start): Wish {
  return racingWish(
    { state: "unknown", candidates, last: undefined, isHeard: false, ...situation },
    {
      contest: undefined,
      heard: { bytes: 0 },
      keys: { own: "a", peer: "b" },
      mayDialSerially: true,
      ...racing,
    },
    now,
  );
}

describe("racingWish", () => {
  it.each<[string, Wish, Wish["kind"] | number | undefined]>([
    ["a peer that was just found", wish(), "race"],
    ["a peer that is up", wish({ state: "up" }), undefined],
    ["a peer without candidates", wish({ candidates: [] }), undefined],
    ["a volley that may still be answered", wish({}, { contest: volley(start, 1) }, start + 100), 150],
    ["a volley in vain", wish({}, { contest: volley(start, 1) }, start + 250), "race"],
    ["three in vain", wish({}, { contest: volley(start, 3) }, start + 900), 100],
    ["many in vain", wish({}, { contest: volley(start, 20) }, start + 28_000), "race"],
    ["very many in vain", wish({}, { contest: volley(start, 60) }, start + 150_000), "race"],
    [
      "a candidate that is news",
      wish({}, { contest: { ...volley(start, 3), known: [first] } }, start + 1),
      "race",
    ],
    ["an answer, too soon for another initiation", wish({}, { contest: won(start) }, start + 10), 15],
    ["an answer", wish({}, { contest: won(start) }, start + 25), "dial"],
    ["a handshake under way", wish({ last: attempt(start + 25) }, { contest: won(start) }, start + 225), 100],
    [
      "a handshake that did not happen",
      wish({ last: attempt(start + 25) }, { contest: won(start) }, start + 325),
      "race",
    ],
    [
      "another answer after a handshake that did not happen",
      wish({ last: attempt(start + 25), isHeard: true }, { contest: won(start + 330) }, start + 355),
      "dial",
    ],
    [
      "one that did not happen twice",
      wish({ last: attempt(start + 25, 1) }, { contest: won(start) }, start + 325),
      300,
    ],
    [
      "one that did not happen many times",
      wish({ last: attempt(start + 25, 9), isHeard: true }, { contest: won(start) }, start + 325),
      2_700,
    ],
    ["a serial attempt", wish({ last: attempt(start) }, { contest: volley(start, 4) }, start + 400), 600],
    [
      "a serial attempt that the peer was heard in",
      wish({ last: attempt(start), isHeard: true }, { contest: volley(start, 4) }, start + 1_400),
      1_600,
    ],
    [
      "volleys in vain, and serial attempts allowed",
      wish({}, { contest: volley(start, 4) }, start + 51),
      "dial",
    ],
    [
      "volleys in vain, and none allowed",
      wish({}, { contest: volley(start, 4), mayDialSerially: false }, start + 51),
      1_949,
    ],
  ])("%s", (_, actual, expected) => {
    if (typeof expected === "string") expect(actual.kind).toBe(expected);
    else expect(actual).toEqual({ kind: "wait", forMs: expected });
  });

  it("leaves the dialling to the lower key, once the peer was heard", () => {
    const heard = { bytes: 148, at: start };
    const higher = { own: "b", peer: "a" };
    expect(wish({}, { heard }, start + 200).kind).toBe("race");
    expect(wish({}, { heard, keys: higher }, start + 200)).toEqual({ kind: "wait", forMs: 800 });
    expect(wish({}, { heard, keys: higher }, start + 1_000).kind).toBe("race");
  });

  it("dials where the answer came from", () => {
    const contest = { ...won(start), answer: { endpoint: second, sentAt: start, answeredAt: start + 10 } };
    expect(wish({ last: attempt(start - 9_000, 3) }, { contest }, start + 25)).toEqual({
      kind: "dial",
      attempt: { endpoint: second, since: start + 25, round: 4, known: candidates },
    });
  });
});
