import { describe, expect, it } from "vitest";
import { peerState } from "../../../src/peers/state.ts";
import { referenceTimings } from "../../../src/peers/timings.ts";

const second = 1000;
const t0 = 1_000_000 * second;

/** Section 6 of the reference, case by case: offsets in seconds from T0, the moment the endpoint was set. */
const cases = [
  { now: 0, handshake: undefined, state: "unknown", case: "just set" },
  { now: 14.9, handshake: undefined, state: "unknown", case: "still within the connect timeout" },
  { now: 14.9, handshake: -1, state: "unknown", case: "the only handshake was before the endpoint" },
  { now: 5, handshake: 1, state: "up", case: "a handshake within the connect timeout" },
  { now: 15, handshake: undefined, state: "down", case: "the connect timeout is over" },
  {
    now: 15,
    handshake: -1,
    state: "down",
    case: "the timeout is over and the handshake is older than the endpoint",
  },
  { now: 15, handshake: 14, state: "up", case: "a handshake after the endpoint" },
  { now: 274.9, handshake: 1, state: "up", case: "between the two limits any handshake since T0 counts" },
  { now: 275, handshake: 1, state: "up", case: "beyond: 274 s old is young enough" },
  { now: 276, handshake: 1, state: "down", case: "beyond: 275 s old is too old" },
  { now: 1000, handshake: 800, state: "up", case: "long after: renewed" },
  { now: 1000, handshake: 725, state: "down", case: "long after: too old" },
  { now: 1000, handshake: undefined, state: "down", case: "long after: never" },
] as const;

describe("peerState", () => {
  it.each(cases)("$case: $state", ({ now, handshake, state }) => {
    const handshakeAt = handshake === undefined ? undefined : t0 + handshake * second;
    expect(peerState({ endpointSetAt: t0, handshakeAt }, t0 + now * second, referenceTimings)).toBe(state);
  });

  it("is unknown, not down, without an endpoint", () => {
    expect(peerState({}, t0, referenceTimings)).toBe("unknown");
  });

  it("is up without an endpoint of ours when the peer dialled us", () => {
    expect(peerState({ handshakeAt: t0 - 10 * second }, t0, referenceTimings)).toBe("up");
    expect(peerState({ handshakeAt: t0 - 275 * second }, t0, referenceTimings)).toBe("unknown");
  });

  it("counts a handshake in the same second as the endpoint, which WireGuard rounds down", () => {
    const times = { endpointSetAt: t0 + 700, handshakeAt: t0 };
    expect(peerState(times, t0 + 900, referenceTimings)).toBe("up");
  });
});
