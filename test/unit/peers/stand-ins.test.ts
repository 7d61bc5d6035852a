import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import { pollPeers } from "../../../src/peers/all.ts";
import { promising } from "../../../src/peers/better-path.ts";
import {
  answered,
  type Connection,
  classes,
  noPeers,
  type Peers,
  type Polled,
  type StandIn,
  type StandIns,
  stateOf,
  wayTo,
  withStandIns,
} from "../../../src/peers/index.ts";
import { takenAtOf } from "../../../src/peers/taken.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { endpoint, key, peerSpec } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const [own, relayAt, otherRelayAt] = ["203.0.113.1:1", "192.0.2.9:51820", "192.0.2.8:51820"].map(
  endpoint,
) as [Endpoint, Endpoint, Endpoint];
const relay: StandIn = { kind: "relayed", endpoint: relayAt, via: "node-9", owner: key(9) };
const unused: StandIn = { kind: "relayed", endpoint: otherRelayAt, via: "node-8", owner: key(8) };
const standIns: StandIns = {
  all: new Map([relay, unused].map((each) => [each.endpoint, each])),
  of: (publicKey) => (publicKey === key(9) ? [] : [relay]),
};

const connectionOf = ({ memory }: Polled): Connection | undefined => memory.connections.get(key(1));

describe("withStandIns", () => {
  const equipped = withStandIns(peerSpec(1, [own]), standIns);

  it("puts what stands in after all that is direct, with its class and whose it is", () => {
    expect(equipped.endpoints).toEqual([own, relayAt]);
    expect(equipped.direct).toEqual([own]);
    expect(equipped.candidates.at(-1)).toEqual({
      endpoint: relayAt,
      kind: "relayed",
      reason: "node-9 relays",
      class: classes.relayed,
    });
  });

  it("takes no endpoint of a relay for the peer's own, whoever announces it", () => {
    const { direct, endpoints } = withStandIns(peerSpec(1, [otherRelayAt, own, relayAt]), standIns);
    expect(direct).toEqual([own]);
    expect(endpoints).toEqual([own, relayAt]);
  });

  it("says by which way a peer is reached, also by a relay that this node would not choose", () => {
    expect(wayTo(equipped, own)).toEqual({ kind: "direct" });
    expect(wayTo(equipped, relayAt)).toEqual({ kind: "relayed", via: "node-9" });
    expect(wayTo(equipped, otherRelayAt)).toEqual({ kind: "relayed", via: "node-8" });
  });

  it("leaves the relay itself as it is", () => {
    const itself = withStandIns(peerSpec(9, [relayAt]), standIns);
    expect(itself.endpoints).toEqual([relayAt]);
    expect(wayTo(itself, relayAt)).toEqual({ kind: "direct" });
  });

  it("gives the same object for the same peer", () => {
    const spec = peerSpec(1, [own]);
    expect(withStandIns(spec, standIns)).toBe(withStandIns(spec, standIns));
    expect(withStandIns(spec, undefined)).toBe(spec);
  });
});

describe("promising", () => {
  const choices = withStandIns(peerSpec(1, [own]), standIns);

  it("is all that is direct while something stands in", () => {
    expect(promising(choices, relayAt, new Map())).toEqual([own]);
    expect(promising(choices, otherRelayAt, new Map())).toEqual([own]);
  });

  it("is never what stands in, however fast, where a direct path is in use", () => {
    const roundTrips = new Map([
      [own, 900],
      [relayAt, 1],
    ]);
    expect(promising(choices, own, roundTrips)).toEqual([]);
  });
});

describe("a peer that no direct path reaches", () => {
  const circumstances = { racing: { ownKey: key(0), mayDialSerially: false }, standIns };

  /** The endpoints of each round to the peer in so many seconds. */
  const rounds = (
    seconds: number,
    announced: readonly Endpoint[] = [own],
  ): readonly (readonly Endpoint[])[] => {
    const asked: (readonly Endpoint[])[] = [];
    let memory: Peers = noPeers;
    for (let now = start; now < start + seconds * 1000; now += 50) {
      const polled = pollPeers([spec(announced)], undefined, memory, now, "known", circumstances);
      memory = polled.memory;
      asked.push(...polled.races.map(({ endpoints }) => endpoints));
    }
    return asked;
  };
  const specs = new Map<string, ReturnType<typeof peerSpec>>();
  const spec = (announced: readonly Endpoint[]) => {
    const known = specs.get(announced.join()) ?? peerSpec(1, announced);
    specs.set(announced.join(), known);
    return known;
  };

  it("is raced directly first, and by the relay as well after two seconds", () => {
    expect(rounds(1.7)).toEqual([[own], [own], [own]]);
    expect(rounds(2)).toEqual([[own], [own], [own], [own, relayAt]]);
  });

  it("is raced by the relay at once if there is no direct path to try", () => {
    expect(rounds(0.1, [])).toEqual([[relayAt]]);
  });

  it("is never left out of a round by a long list", () => {
    const many = Array.from({ length: 40 }, (_, index) => endpoint(`203.0.113.${index + 1}:1`));
    const last = rounds(2, many).at(-1) ?? [];
    expect(last).toContain(relayAt);
    expect(last.length).toBe(16);
  });
});

describe("a peer that is reached by a relay", () => {
  const connected = (at: Endpoint, received = 1_000, handshakeAt = start - 10_000): ObservedDevice => ({
    listenPort: 51820,
    firewallMark: 0x20,
    peers: new Map(
      [
        { number: 1, at, handshakeAt },
        { number: 9, at: relayAt, handshakeAt: start - 1_000 },
      ].map(({ number, at: seenAt, handshakeAt: shaken }) => [
        key(number),
        {
          publicKey: key(number),
          endpoint: seenAt,
          allowedIPs: [],
          handshakeAt: shaken,
          receivedBytes: received,
          sentBytes: 1_000,
          keepaliveSeconds: 25,
        },
      ]),
    ),
  });
  const specs = [peerSpec(1, [own]), peerSpec(9, [relayAt])];
  const racing = { ownKey: key(0), mayDialSerially: false };
  const poll = (device: ObservedDevice, now: number, before = noPeers): Polled =>
    pollPeers(specs, device, before, now, "known", { racing, standIns });

  it("is not remembered there, and neither of the two is taken for gone", () => {
    const polled = poll(connected(relayAt), start);
    expect([...polled.working]).toEqual([[key(9), relayAt]]);
    expect(connectionOf(polled)?.phase).toBe("up");
    const { peers } = connected(relayAt);
    expect([...takenAtOf(peers.values(), standIns.all)]).toEqual([]);
    expect([...takenAtOf(peers.values())].length).toBe(1);
  });

  it("is tried directly ten seconds later", () => {
    let polled = poll(connected(relayAt), start);
    const asked: string[] = [];
    for (let now = start + 1_000; now <= start + 15_000; now += 100) {
      polled = poll(connected(relayAt, 1_000 + now - start), now, polled.memory);
      asked.push(
        ...polled.races.map(({ publicKey, endpoints }) => `${publicKey === key(1)} ${endpoints.join()}`),
      );
    }
    expect(asked[0]).toBe(`true ${relayAt}`);
  });

  it("gets a new session when it answers by a relay and no longer where it was", () => {
    let polled = poll(connected(own), start);
    let now = start;
    for (; connectionOf(polled)?.phase !== "doubted"; now += 500)
      polled = poll(connected(own), now, polled.memory);
    const answer = { endpoint: relayAt, sentAt: now, answeredAt: now + 10, roundTripMs: 10 };
    const doubted = connectionOf(polled);
    if (doubted?.phase !== "doubted") return expect.fail("it is not doubted");
    const race = { firstAt: now, lastAt: now, rounds: 5, known: [], verifies: true, answer } as const;
    const connections = new Map(polled.memory.connections).set(key(1), { ...doubted, race });
    polled = poll(connected(own), now + 20, { ...polled.memory, connections });
    expect(polled.peers[0]?.action).toEqual({ kind: "dial", endpoint: relayAt });
    expect(stateOf(connectionOf(polled))).toBe("unknown");
  });
});

describe("a peer that is carried", () => {
  const door = endpoint("127.0.0.1:40001");
  const carried: StandIn = { kind: "carried", endpoint: door, via: "a service" };
  const both: StandIns = {
    all: new Map([relay, carried].map((each) => [each.endpoint, each])),
    of: (publicKey) => (publicKey === key(9) ? [] : [relay, carried]),
  };
  interface Run {
    /** The other end's answers come from there, each after its milliseconds. */
    readonly answers: ReadonlyMap<Endpoint, number>;
    readonly ownKey?: string;
    /** The peer begins a session by the relay itself once it was asked there. */
    readonly isBegunThere?: boolean;
  }

  /** What is done about the peer in so many seconds, until it is dialled. */
  function run(seconds: number, { answers, ownKey = key(0), isBegunThere = false }: Run): string[] {
    const done: string[] = [];
    const spec = peerSpec(1, [own]);
    let memory: Peers = noPeers;
    let [at, handshakeAt, received] = [door, start - 10_000, 1_000];
    for (let now = start; now < start + seconds * 1000; now += 50) {
      received += 32;
      const observed = { publicKey: key(1), endpoint: at, allowedIPs: [], handshakeAt };
      const counted = { receivedBytes: received, sentBytes: 1_000, keepaliveSeconds: 25 };
      const peers = new Map([[key(1), { ...observed, ...counted }]]);
      const racing = { ownKey, mayDialSerially: false };
      const device = { listenPort: 51820, firewallMark: 0x20, peers };
      const polled = pollPeers([spec], device, memory, now, "known", { racing, standIns: both });
      memory = polled.memory;
      const { action } = polled.peers[0] ?? {};
      if (action?.kind === "dial" || action?.kind === "move") {
        done.push(`${action.kind} ${action.endpoint}`);
        return done;
      }
      for (const { endpoints } of polled.races) {
        done.push(endpoints.join(" "));
        const first = endpoints.find((each) => answers.has(each));
        const connection = memory.connections.get(key(1));
        if (!first || !connection) continue;
        at = first;
        if (first === relayAt && isBegunThere) handshakeAt = now + 1;
        const roundTripMs = answers.get(first) ?? 0;
        const answer = { endpoint: first, sentAt: now, answeredAt: now + roundTripMs, roundTripMs };
        memory = { ...memory, connections: new Map([[key(1), answered(connection, answer)]]) };
      }
    }
    return done;
  }
  const here: readonly [Endpoint, number] = [door, 40];

  it("gets a session by a relay that leads to it, once the direct path was tried in vain", () => {
    expect(run(15, { answers: new Map([here, [relayAt, 30]]) })).toEqual([
      door,
      door,
      own,
      relayAt,
      `dial ${relayAt}`,
    ]);
  });

  it("moves to a direct path where that answers, and not to the relay", () => {
    const answers = new Map([here, [relayAt, 1], [own, 30]]);
    expect(run(15, { answers })).toEqual([door, door, own, `move ${own}`]);
  });

  it("stays where it is when no relay leads to it, and is asked there again", () => {
    expect(run(15, { answers: new Map([here]) })).toEqual([door, door, own, relayAt, door, door]);
  });

  it("is left to begin the session, if it is for the peer to do so", () => {
    const answers = new Map([here, [relayAt, 30] as const]);
    const done = run(15, { answers, ownKey: key(2), isBegunThere: true });
    expect(done.slice(0, 4)).toEqual([door, door, own, relayAt]);
    expect(done).not.toContain(`dial ${relayAt}`);
    expect(run(15, { answers, ownKey: key(2) }).at(-1)).toBe(`dial ${relayAt}`);
  });
});
