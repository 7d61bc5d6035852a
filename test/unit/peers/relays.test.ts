import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import { pollPeers } from "../../../src/peers/all.ts";
import { noPeers, type Polled, type StandIns } from "../../../src/peers/index.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { endpoint, key, peerSpec } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const [direct, relayAt, otherAt] = ["203.0.113.1:1", "192.0.2.9:51820", "192.0.2.8:51820"].map(endpoint) as [
  Endpoint,
  Endpoint,
  Endpoint,
];
const relay = { kind: "relayed", endpoint: relayAt, via: "node-9", owner: key(9) } as const;
const other = { kind: "relayed", endpoint: otherAt, via: "node-8", owner: key(8) } as const;
const standIns: StandIns = {
  all: new Map([relay, other].map((each) => [each.endpoint, each])),
  of: () => [relay, other],
};
const specs = [peerSpec(1, [direct]), peerSpec(2, [direct]), peerSpec(9, [relayAt])];

const entry = (number: number, receivedBytes: number, sentBytes: number) => ({
  publicKey: key(number),
  endpoint: relayAt,
  allowedIPs: [],
  handshakeAt: start - 5_000,
  receivedBytes,
  sentBytes,
  keepaliveSeconds: 25,
});

/** A node with two peers behind a relay, of which the first has traffic. */
class World {
  readonly asked: string[] = [];
  received = 1_000;
  relayReceived = 1_000;
  sent = 1_000;
  polled: Polled | undefined;
  now = start;

  /** So many milliseconds, in which so much is received and sent at each poll. */
  run(ms: number, { received = 0, sent = 0 } = {}): this {
    for (const end = this.now + ms; this.now < end; ) {
      this.received += received;
      this.sent += sent;
      const racing = { ownKey: key(0), mayDialSerially: false };
      const before = this.polled?.memory ?? noPeers;
      this.polled = pollPeers(specs, this.#device(), before, this.now, "known", { racing, standIns });
      for (const { publicKey, endpoints } of this.polled.races)
        this.asked.push(`${specs.find((spec) => spec.publicKey === publicKey)?.label}: ${endpoints.join()}`);
      this.now += Math.max(1, this.polled.wakeInMs ?? 2_000);
    }
    return this;
  }

  #device(): ObservedDevice {
    const peers = [
      entry(1, this.received, this.sent),
      entry(2, 1_000, 1_000),
      entry(9, this.relayReceived, 1_000),
    ];
    return {
      listenPort: 51820,
      firewallMark: 0x20,
      peers: new Map(peers.map((each) => [each.publicKey, each])),
    };
  }
}

describe("a peer behind a relay", () => {
  it("is polled more often while it has traffic", () => {
    const world = new World().run(4_000, { received: 500, sent: 500 });
    expect(world.polled?.wakeInMs).toBeLessThan(350);
    expect(new World().run(4_000).polled?.wakeInMs).toBe(2_000);
  });

  it("has the relay asked when its data is unanswered, and is not asked itself", () => {
    const world = new World().run(3_000, { received: 500, sent: 500 }).run(700, { sent: 500 });
    expect(world.asked.length).toBeGreaterThan(0);
    expect(new Set(world.asked)).toEqual(new Set([`node-9: ${relayAt}`]));
  });

  it("is raced at other relays when the relay does not answer, and so is one that has no traffic", () => {
    const world = new World().run(3_000, { received: 500, sent: 500 });
    const silentAt = world.now;
    while (!world.asked.some((each) => each.startsWith("node-2")) && world.now < silentAt + 10_000)
      world.run(1, { sent: 500 });
    expect(world.now - silentAt).toBeLessThan(1_900);
    expect(world.asked).toContain(`node-1: ${otherAt}`);
    expect(world.asked).toContain(`node-2: ${otherAt}`);
  });

  it("stays where it is when the relay is heard: data in one direction is unanswered for ten seconds", () => {
    const world = new World().run(3_000, { received: 500, sent: 500 });
    for (let step = 0; step < 12; step++) {
      world.relayReceived += 200;
      world.run(250, { sent: 500 });
    }
    expect(world.asked.filter((each) => !each.startsWith("node-9"))).toEqual([]);
  });
});
