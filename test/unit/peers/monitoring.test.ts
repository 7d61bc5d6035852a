import { expect, test } from "vitest";
import { randomFrom } from "../../../sim/random.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import { pollPeers } from "../../../src/peers/all.ts";
import { answered, type Circumstances, noPeers, type Polled, stateOf } from "../../../src/peers/index.ts";
import { type Answer } from "../../../src/port/index.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { endpoint, key, peerSpec } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const [current, other, third] = ["198.51.100.1:1", "198.51.100.2:2", "198.51.100.3:3"].map(endpoint) as [
  Endpoint,
  Endpoint,
  Endpoint,
];
const spec = peerSpec(1, [other, third]);

/**
 * A peer that dialled us from `current`, which it does not announce, and that stops answering at 0 while we go on
 * sending. Polled every 50 ms; answers to rounds come when `answer` says so.
 */
class Watched {
  readonly events: [number, string][] = [];
  #polled: Polled | undefined;
  #endpoint = current;
  #now = start;
  #sent = 1_000;
  received = 1_000;
  isRacing = true;
  shakenAt: number | undefined;
  /** The time of a handshake of somebody else at the same endpoint. */
  takenAt: number | undefined;
  /** The time since which another connected member claims what the peer owns. */
  contestedAt: number | undefined;
  /** What the counters are after each poll. */
  traffic = (): { sent: number; received: number } => ({ sent: 100, received: 0 });
  answer: (endpoints: readonly Endpoint[]) => Endpoint | undefined = () => undefined;

  run(seconds: number): this {
    for (const end = this.#now + seconds * 1000; this.#now < end; this.#now += 50) this.#poll();
    return this;
  }

  get state(): string {
    const connection = this.#polled?.memory.connections.get(key(1));
    return connection?.phase === "doubted" ? "doubted" : stateOf(connection);
  }

  #poll(): void {
    const { sent, received } = this.traffic();
    this.#sent += sent;
    this.received += received;
    const before = this.#polled?.memory ?? noPeers;
    const polled = pollPeers([spec], this.#device(), before, this.#now, "known", this.#circumstances());
    this.#polled = polled;
    const note = (text: string): unknown => this.events.push([this.#now - start, text]);
    for (const { endpoints } of polled.races) {
      note(`race ${endpoints.map((each) => [current, other, third].indexOf(each)).join()}`);
      const from = this.answer(endpoints);
      if (from !== undefined) this.#take(from);
    }
    const { action } = polled.peers[0] ?? {};
    if (action?.kind === "dial") note("dial");
    if (action?.kind === "move") note(`move ${[current, other, third].indexOf(action.endpoint)}`);
    if (action && "endpoint" in action) this.#endpoint = action.endpoint;
  }

  #take(from: Endpoint): void {
    const { memory } = this.#polled ?? expect.fail("it was not polled yet");
    const connection = memory.connections.get(key(1)) ?? expect.fail("it is not known");
    const answer: Answer = {
      endpoint: from,
      sentAt: this.#now,
      answeredAt: this.#now + 10,
      roundTripMs: 10,
    };
    const connections = new Map([[key(1), answered(connection, answer)]]);
    this.#polled = { ...this.#polled, memory: { ...memory, connections } } as Polled;
  }

  #circumstances(): Circumstances {
    const racing = { ownKey: key(0), mayDialSerially: false };
    const contestedSince = new Map(this.contestedAt === undefined ? [] : [[spec.nodeId, this.contestedAt]]);
    return { shakenAt: this.shakenAt, contestedSince, ...(this.isRacing && { racing }) };
  }

  #device(): ObservedDevice {
    const peer = {
      publicKey: key(1),
      endpoint: this.#endpoint,
      allowedIPs: [],
      handshakeAt: this.#now - 10_000,
      receivedBytes: this.received,
      sentBytes: this.#sent,
      keepaliveSeconds: 25,
    };
    const peers = new Map([[key(1), peer]]);
    if (this.takenAt !== undefined) {
      peers.set(key(1), { ...peer, handshakeAt: start - 10_000 });
      peers.set(key(2), { ...peer, publicKey: key(2), handshakeAt: this.takenAt });
    }
    return { listenPort: 51820, firewallMark: 0x20, peers };
  }
}

/** Data goes both ways for five seconds; then nothing comes any more. */
function silentAfterTalk(): Watched {
  const watched = new Watched();
  const silent = watched.traffic;
  watched.traffic = () => ({ sent: 100, received: 100 });
  watched.run(5);
  watched.traffic = silent;
  return watched;
}

test("the endpoint in use is asked alone first, then all are, and the peer moves to the one that answers", () => {
  const watched = silentAfterTalk();
  watched.answer = (endpoints) => (endpoints.length > 1 ? third : undefined);
  watched.run(2.2);
  expect(watched.events.map(([at, text]) => [at - 5_000, text])).toEqual([
    [850, "race 0"],
    [1_050, "race 0"],
    [1_250, "race 0"],
    [1_450, "race 0"],
    [1_650, "race 0"],
    [1_850, "race 0"],
    [2_050, "race 0,1,2"],
    [2_100, "move 2"],
  ]);
  expect(watched.state).toBe("up");
});

test("a path to which the peer has just been moved is left alone while packets are under way", () => {
  const watched = silentAfterTalk();
  watched.answer = (endpoints) => (endpoints.length > 1 ? third : undefined);
  watched.run(2.2);
  const moves = watched.events.length;
  watched.answer = () => undefined;
  watched.run(1.9);
  expect(watched.events.slice(moves)).toEqual([]);
  watched.run(0.2);
  expect(watched.events.slice(moves).map(([, text]) => text)).toContain("race 2");
});

test("a path that answers stays, however often data is unanswered", () => {
  const watched = new Watched();
  watched.answer = () => current;
  watched.run(20);
  expect(new Set(watched.events.map(([, text]) => text))).toEqual(new Set(["race 0"]));
  expect(watched.events.length).toBeLessThan(6);
});

test("a peer that answers nowhere is doubted, then down; it is up again as soon as it is heard", () => {
  const watched = new Watched();
  expect(watched.run(5).state).toBe("doubted");
  expect(watched.run(19).state).toBe("doubted");
  expect(watched.run(2).state).toBe("down");
  expect(watched.events.map(([, text]) => text)).not.toContain("dial");
  expect(watched.events.length).toBeLessThan(15);
  watched.received += 32;
  expect(watched.run(0.4).state).toBe("up");
});

test("a session that the peer has lost is made anew where its path is good", () => {
  const watched = new Watched();
  watched.answer = () => current;
  watched.run(26);
  expect(watched.events.at(-1)?.[1]).toBe("dial");
});

test("without racing nothing is done before the peer is down", () => {
  const watched = new Watched();
  watched.isRacing = false;
  watched.run(25);
  expect(watched.events).toEqual([]);
  watched.run(2);
  expect(watched.events[0]?.[1]).toBe("dial");
});

test("after this node lost an address, a peer is asked at once at the endpoint in use, and knows where we are", () => {
  const watched = new Watched();
  watched.traffic = () => ({ sent: 0, received: 0 });
  watched.answer = () => current;
  watched.run(1);
  watched.shakenAt = start + 1_000;
  watched.run(1);
  expect(watched.events).toEqual([[1_000, "race 0"]]);
  expect(watched.state).toBe("up");
});

test("where one packet in five gets lost each way, on all paths, a peer hardly ever moves", () => {
  const random = randomFrom(7);
  const returns = (): boolean => random() > 0.2 && random() > 0.2;
  const watched = new Watched();
  watched.answer = (endpoints) => {
    const answering = endpoints.filter(returns);
    return answering[Math.floor(answering.length * random())];
  };
  let looks = 0;
  // A ping of a hundred bytes each second, looked at every 50 ms.
  watched.traffic = () =>
    looks++ % 20 === 0 ? { sent: 128, received: returns() ? 128 : 0 } : { sent: 0, received: 0 };
  watched.run(3 * 3_600);
  const count = (what: string): number => watched.events.filter(([, text]) => text.startsWith(what)).length;
  expect(count("race")).toBeGreaterThan(10);
  expect(count("move")).toBeLessThanOrEqual(1);
  expect(watched.state).toBe("up");
});

test("a peer at whose endpoint somebody else answered since is asked there, and gone if it does not answer", () => {
  const watched = new Watched();
  watched.traffic = () => ({ sent: 0, received: 0 });
  watched.run(1);
  expect(watched.state).toBe("up");
  watched.takenAt = start + 1_000;
  watched.run(1);
  expect(watched.events.map(([, text]) => text).slice(0, 3)).toEqual(["race 0", "race 0", "race 0"]);
  expect(watched.state).toBe("down");
});

test("a peer whose address another member claims is asked at once, everywhere, and gone if it answers nowhere", () => {
  const watched = new Watched();
  watched.traffic = () => ({ sent: 0, received: 0 });
  watched.run(1);
  watched.contestedAt = start + 1_000;
  watched.run(1);
  expect(watched.state).toBe("doubted");
  watched.run(3);
  expect(watched.events.map(([, text]) => text)).toEqual([
    ...Array.from({ length: 4 }, () => "race 0"),
    "race 0,1,2",
    "race 0,1,2",
  ]);
  expect(watched.state).toBe("down");
});

test("a peer whose address another member claims stays if it answers or sends something, and is asked no more", () => {
  const answering = new Watched();
  answering.traffic = () => ({ sent: 0, received: 0 });
  answering.answer = () => current;
  const sending = new Watched();
  sending.traffic = () => ({ sent: 100, received: 100 });
  for (const watched of [answering, sending]) {
    watched.run(1);
    watched.contestedAt = start + 1_000;
    watched.run(9);
    expect(watched.state).toBe("up");
    expect(watched.events.length).toBeLessThan(2);
  }
});

test("a peer whose endpoint somebody else takes on stays, as long as it answers there or sends something", () => {
  const answering = new Watched();
  answering.traffic = () => ({ sent: 0, received: 0 });
  answering.answer = () => current;
  const sending = new Watched();
  sending.traffic = () => ({ sent: 100, received: 100 });
  for (const watched of [answering, sending]) {
    watched.run(1);
    for (const seconds of [1, 4, 7, 10]) {
      watched.takenAt = start + seconds * 1000; // whoever forges the source of a packet does so again and again
      watched.run(3);
      expect(watched.state).not.toBe("down");
    }
  }
  expect(answering.events.length).toBeLessThan(8);
  expect(sending.events.length).toBeLessThanOrEqual(4);
});
