import { describe, expect, it } from "vitest";
import { pollPeers } from "../../../src/peers/all.ts";
import { type Connection, noPeers, type PeerSpec, type Peers, stateOf } from "../../../src/peers/index.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { endpoint, key, peerSpec } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const spec = (number: number, ...candidates: string[]): PeerSpec =>
  peerSpec(number, candidates.map(endpoint));
/** A device on which each of these peers had its last handshake then. */
const device = (handshakes: Readonly<Record<number, number>>): ObservedDevice => ({
  listenPort: 51820,
  firewallMark: 0x20,
  peers: new Map(
    Object.entries(handshakes).map(([number, handshakeAt]) => [
      key(Number(number)),
      {
        publicKey: key(Number(number)),
        allowedIPs: [],
        handshakeAt,
        receivedBytes: 0,
        sentBytes: 0,
        keepaliveSeconds: 25,
      },
    ]),
  ),
});
const none = noPeers;
const first = "198.51.100.1:1";
const second = "198.51.100.2:2";

/** Peer 1 was dialled so. */
const dialled = (attempt: NonNullable<Connection["attempt"]>): Peers => {
  const shared = { received: { bytes: 0 }, roundTrips: new Map(), path: undefined, attempt };
  const pursued = { race: undefined, turn: undefined, counters: undefined };
  const connection: Connection = { ...shared, ...pursued, phase: "connecting", state: "unknown" };
  return { ...noPeers, connections: new Map([[key(1), connection]]) };
};
type Polled = ReturnType<typeof pollPeers>;
const stateIn = ({ memory }: Polled): string => stateOf(memory.connections.get(key(1)));
const dialOf = ({ peers }: Polled, index = 0) => {
  const action = peers[index]?.action;
  return action?.kind === "dial" ? action.endpoint : undefined;
};

describe("pollPeers", () => {
  it("dials a new peer at its first candidate and looks again soon", () => {
    const polled = pollPeers([spec(1, first, second)], undefined, none, start);
    expect(dialOf(polled)).toBe(first);
    expect(stateIn(polled)).toBe("unknown");
    expect(polled.wakeIn).toBe(50);
  });

  it("adopts a connected peer of an earlier run as it is", () => {
    const polled = pollPeers([spec(1, first)], device({ 1: start - 100_000 }), none, start);
    expect(dialOf(polled)).toBeUndefined();
    expect(stateIn(polled)).toBe("up");
    expect(polled.wakeIn).toBe(2000); // nothing tells that a peer is heard no more
  });

  it("dials a peer of an earlier run that has lost its connection", () => {
    const polled = pollPeers([spec(1, first)], device({ 1: start - 300_000 }), none, start);
    expect(dialOf(polled)).toBe(first);
  });

  it("takes a second for a dead candidate, then the next, and longer in each further round", () => {
    const specs = [spec(1, first, second)];
    let polled = pollPeers(specs, undefined, none, start);
    const dials: [number, string, string][] = [];
    for (let elapsed = 0; elapsed <= 5_000; elapsed += 100) {
      const now = start + elapsed;
      polled = pollPeers(specs, device({}), polled.memory, now);
      const dial = dialOf(polled);
      if (dial !== undefined) dials.push([elapsed, dial, stateIn(polled)]);
    }
    expect(dials).toEqual([
      [1000, second, "down"],
      [2000, first, "down"],
      [3500, second, "down"],
      [5000, first, "down"],
    ]);
  });

  it("counts a peer as down from the second round on, while its candidates are tried again", () => {
    const states = [0, 1].map((round) => {
      const attempt = { endpoint: endpoint(first), since: start - 200, round, known: [endpoint(first)] };
      return stateIn(pollPeers([spec(1, first)], device({}), dialled(attempt), start));
    });
    expect(states).toEqual(["unknown", "down"]);
  });

  it("looks less often the longer an attempt takes, and soon at the next one", () => {
    const specs = [spec(1, first)];
    const begun = pollPeers(specs, undefined, none, start);
    const wakes = [10, 400, 900, 990].map(
      (elapsed) => pollPeers(specs, device({}), begun.memory, start + elapsed).wakeIn,
    );
    expect(wakes).toEqual([50, 100, 100, 50]);
  });

  it("leaves peers that the device holds to the look right after reading it", () => {
    const attempt = { endpoint: endpoint(first), since: start - 5000, round: 0, known: [endpoint(first)] };
    const specs = [spec(1, first), spec(2, second)];
    const polled = pollPeers(specs, device({ 1: 0 }), dialled(attempt), start, "new");
    expect([0, 1].map((index) => dialOf(polled, index))).toEqual([undefined, second]);
    expect(polled.memory.connections.get(key(1))?.attempt).toEqual(attempt);
    expect(polled.wakeIn).toBe(0);
  });

  it("has no peer to dial where there is no candidate, and still sees it dial us", () => {
    const specs = [spec(1)];
    const waiting = pollPeers(specs, undefined, none, start);
    expect(dialOf(waiting)).toBeUndefined();
    expect(waiting.wakeIn).toBe(2000);
    expect(stateIn(pollPeers(specs, device({ 1: start }), waiting.memory, start + 500))).toBe("up");
  });

  it("starts over quickly when a connection that had taken many rounds is lost", () => {
    const attempt = { endpoint: endpoint(first), since: start - 1000, round: 7, known: [endpoint(first)] };
    const polled = pollPeers([spec(1, first)], device({ 1: start }), dialled(attempt), start);
    expect(polled.memory.connections.get(key(1))?.attempt?.round).toBe(0);
  });

  it("forgets who is no longer a peer", () => {
    const polled = pollPeers([spec(1, first)], undefined, none, start);
    expect(pollPeers([], undefined, polled.memory, start).memory.connections.size).toBe(0);
  });
});
