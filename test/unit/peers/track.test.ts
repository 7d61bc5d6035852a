import { describe, expect, it } from "vitest";
import type { PeerSpec } from "../../../src/peers/index.ts";
import { trackPeers } from "../../../src/peers/track.ts";
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
const none = new Map();
const first = "198.51.100.1:1";
const second = "198.51.100.2:2";

describe("trackPeers", () => {
  it("dials a new peer at its first candidate and looks again soon", () => {
    const tracked = trackPeers([spec(1, first, second)], undefined, none, start);
    expect(tracked.peers[0]?.dial).toBe(first);
    expect(tracked.states.get(key(1))).toBe("unknown");
    expect(tracked.wakeIn).toBe(50);
  });

  it("adopts a connected peer of an earlier run as it is", () => {
    const tracked = trackPeers([spec(1, first)], device({ 1: start - 100_000 }), none, start);
    expect(tracked.peers[0]).not.toHaveProperty("dial");
    expect(tracked.states.get(key(1))).toBe("up");
    expect(tracked.wakeIn).toBe(2000); // nothing tells that a peer is heard no more
  });

  it("dials a peer of an earlier run that has lost its connection", () => {
    const tracked = trackPeers([spec(1, first)], device({ 1: start - 300_000 }), none, start);
    expect(tracked.peers[0]?.dial).toBe(first);
  });

  it("takes a second for a dead candidate, then the next, and longer in each further round", () => {
    const specs = [spec(1, first, second)];
    let tracked = trackPeers(specs, undefined, none, start);
    const dials: [number, string, string][] = [];
    for (let elapsed = 0; elapsed <= 5_000; elapsed += 100) {
      const now = start + elapsed;
      tracked = trackPeers(specs, device({}), tracked.attempts, now);
      const dial = tracked.peers[0]?.dial;
      if (dial !== undefined) dials.push([elapsed, dial, tracked.states.get(key(1)) ?? ""]);
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
      return trackPeers([spec(1, first)], device({}), new Map([[key(1), attempt]]), start).states.get(key(1));
    });
    expect(states).toEqual(["unknown", "down"]);
  });

  it("looks less often the longer an attempt takes, and soon at the next one", () => {
    const specs = [spec(1, first)];
    const begun = trackPeers(specs, undefined, none, start);
    const wakes = [10, 400, 900, 990].map(
      (elapsed) => trackPeers(specs, device({}), begun.attempts, start + elapsed).wakeIn,
    );
    expect(wakes).toEqual([50, 100, 100, 50]);
  });

  it("leaves peers that the device holds to the look right after reading it", () => {
    const attempts = new Map([
      [key(1), { endpoint: endpoint(first), since: start - 5000, round: 0, known: [endpoint(first)] }],
    ]);
    const tracked = trackPeers([spec(1, first), spec(2, second)], device({ 1: 0 }), attempts, start, "new");
    expect(tracked.peers.map(({ dial }) => dial)).toEqual([undefined, second]);
    expect(tracked.attempts.get(key(1))).toEqual(attempts.get(key(1)));
    expect(tracked.wakeIn).toBe(0);
  });

  it("has no peer to dial where there is no candidate, and still sees it dial us", () => {
    const specs = [spec(1)];
    const waiting = trackPeers(specs, undefined, none, start);
    expect(waiting.peers[0]).not.toHaveProperty("dial");
    expect(waiting.wakeIn).toBe(2000);
    expect(trackPeers(specs, device({ 1: start }), waiting.attempts, start + 500).states.get(key(1))).toBe(
      "up",
    );
  });

  it("starts over quickly when a connection that had taken many rounds is lost", () => {
    const attempts = new Map([
      [key(1), { endpoint: endpoint(first), since: start - 1000, round: 7, known: [endpoint(first)] }],
    ]);
    const tracked = trackPeers([spec(1, first)], device({ 1: start }), attempts, start);
    expect(tracked.attempts.get(key(1))?.round).toBe(0);
  });

  it("forgets who is no longer a peer", () => {
    const tracked = trackPeers([spec(1, first)], undefined, none, start);
    expect(trackPeers([], undefined, tracked.attempts, start).attempts.size).toBe(0);
  });
});
