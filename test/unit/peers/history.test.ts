import { expect, test } from "vitest";
import { answered, bytesOf, noPeers, type Polled, pollPeers, troubleText } from "../../../src/peers/index.ts";
import type { ObservedPeer } from "../../../src/wireguard/index.ts";
import { endpoint, key, peerSpec } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const [there] = [endpoint("198.51.100.1:1")];
const spec = peerSpec(1, [there]);

/** A peer of which WireGuard shows `entry`, polled whenever it has to be, and what the log is told of it. */
class Told {
  readonly lines: string[] = [];
  entry: Partial<ObservedPeer> | undefined;
  endpoints = [there];
  now = start;
  shakenAt: number | undefined;
  #polled: Polled | undefined;

  run(seconds: number, each: () => void = () => undefined): this {
    for (const end = this.now + seconds * 1000; this.now < end; this.now += 250) {
      each();
      this.#poll();
    }
    return this;
  }

  get connection() {
    return this.#polled?.memory.connections.get(key(1));
  }

  get history() {
    return this.connection?.history ?? expect.fail("no history");
  }

  /** The answer to a race, which the daemon notes between two polls. */
  answer(): void {
    const { connection } = this;
    if (!connection || !this.#polled) return;
    const answer = { endpoint: there, sentAt: this.now, answeredAt: this.now, roundTripMs: 1 };
    const connections = new Map([[key(1), answered(connection, answer)]]);
    this.#polled = { ...this.#polled, memory: { ...this.#polled.memory, connections } };
  }

  #poll(): void {
    const peer: ObservedPeer | undefined = this.entry && {
      publicKey: key(1),
      allowedIPs: [],
      receivedBytes: 0,
      sentBytes: 0,
      keepaliveSeconds: 25,
      ...this.entry,
    };
    const device = {
      listenPort: 51820,
      firewallMark: 0x20,
      peers: new Map(peer ? [[key(1), peer]] : []),
    };
    const memory = this.#polled?.memory ?? noPeers;
    const racing = { ownKey: key(0), mayDialSerially: false };
    const around = { racing, shakenAt: this.shakenAt };
    const specs = [{ ...spec, ...peerSpec(1, this.endpoints) }];
    this.#polled = pollPeers(specs, device, memory, this.now, "known", around);
    const { transitions } = this.#polled;
    this.lines.push(...transitions.map(({ kind, label, text }) => `${kind}: ${label} ${text}`));
  }
}

/** A peer that has been up for a while, with 5,000 bytes each way. */
function upOne(): Told {
  const told = new Told();
  told.entry = { endpoint: there, handshakeAt: start - 10_000, receivedBytes: 4_000, sentBytes: 5_000 };
  told.run(1);
  told.entry = { ...told.entry, receivedBytes: 5_000 };
  return told.run(1);
}

/** Data is sent to it, and nothing comes back; WireGuard is told of it anew when it is dialled. */
const unanswered = (told: Told): void => {
  const { sentBytes = 0 } = told.entry ?? {};
  told.entry = { ...told.entry, sentBytes: sentBytes + 100 };
};

test("a peer that comes up is told of once", () => {
  expect(
    upOne()
      .run(60, () => undefined)
      .lines.slice(0, 1),
  ).toEqual(["up: node-1 is up, at 198.51.100.1:1"]);
});

test("a peer that falls silent is suspected, then down with the cause, and then up again after so long", () => {
  const told = upOne();
  told.run(40, () => unanswered(told));
  expect(told.lines.slice(1).map((line) => line.split(" ")[0])).toEqual(["suspected:", "down:"]);
  expect(told.lines[1]).toMatch(
    /^suspected: node-1 is suspected: 4 handshakes unanswered at 198\.51\.100\.1:1$/,
  );
  expect(told.lines[2]).toMatch(
    /^down: node-1 is down: nothing came back for 25s of traffic, last at 198\.51\.100\.1:1; \d+ handshakes unanswered \(/,
  );
  told.run(60);
  expect(told.lines).toHaveLength(3);
  told.entry = { endpoint: there, handshakeAt: told.now, receivedBytes: 92, sentBytes: 148 };
  told.run(1);
  expect(told.lines[3]).toMatch(/^up: node-1 is up again, after 1m1\ds, at 198/);
});

test("what a dial makes WireGuard forget is remembered: last handshake, last sign of life, bytes", () => {
  const told = upOne();
  const heardAt = told.now - 1_000;
  told.run(30, () => unanswered(told));
  const { sentBytes = 0 } = told.entry ?? {};
  told.entry = { endpoint: there, sentBytes: 148 };
  told.run(5);
  const { history } = told;
  expect(history.isUp).toBe(false);
  expect(history.handshakeAt).toBe(start - 10_000);
  expect(Math.abs((history.heardAt ?? 0) - heardAt)).toBeLessThanOrEqual(250);
  expect(bytesOf(history)).toEqual({ received: 5_000, sent: sentBytes + 148 });
  expect(troubleText(history, spec)).toMatch(
    /^nothing came back for 25s of traffic, last at \S+; \d+ handshakes unanswered$/,
  );
});

test("a doubt that the first question settles is not told of", () => {
  const told = upOne();
  told.run(20, () => {
    unanswered(told);
    told.answer();
  });
  expect(told.lines).toHaveLength(1);
});

test("a suspected peer that is heard again is told of as such", () => {
  const told = upOne();
  told.run(15, () => unanswered(told));
  told.entry = { ...told.entry, receivedBytes: 6_000 };
  told.run(3);
  expect(told.lines.slice(1).map((line) => line.split(":")[0])).toEqual(["suspected", "answers"]);
});

test("a peer that never was connected is told of after half a minute, with what was tried", () => {
  const told = new Told();
  told.entry = {};
  told.run(29);
  expect(told.lines).toEqual([]);
  told.run(200);
  expect(told.lines).toHaveLength(1);
  expect(told.lines[0]).toMatch(/^unreached: node-1 is not reached: \d+ handshakes unanswered \(does it run/);
  expect(told.history.asked).toBeGreaterThan(8);
});

test("a peer without an endpoint is told of as such", () => {
  const told = new Told();
  told.endpoints = [];
  told.run(60);
  expect(told.lines).toEqual([
    "unreached: node-1 is not reached: there is no endpoint at which it may be dialled",
  ]);
});

test("answers without a session are told of as such", () => {
  const told = new Told();
  told.entry = {};
  told.run(20);
  told.answer();
  told.run(20);
  expect(told.lines[0]).toMatch(/not reached: \d+ handshakes sent, 1 answered, but no session came of it/);
});

test("a peer of which WireGuard lost the session, and one that this node lost with an address, say so", () => {
  const told = upOne();
  told.entry = {};
  told.shakenAt = told.now;
  told.run(1);
  expect(told.lines[1]).toMatch(
    /is down: WireGuard has lost its session, last at \S+, since this node lost an address/,
  );
});
