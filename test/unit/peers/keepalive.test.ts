import { expect, test } from "vitest";
import { randomFrom } from "../../../sim/random.ts";
import { intervalFor, type Keepalive, learn } from "../../../src/peers/keepalive.ts";
import { endpoint, key } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const there = endpoint("198.51.100.1:1");
const elsewhere = endpoint("198.51.100.2:1");

/**
 * A peer behind a NAT that forgets it after `forgetsMs`, as WireGuard's counters show it, each polled every two seconds.
 * Packets of either side keep the NAT's entry; the peer sends a keepalive 25 s after the last packet that it saw, and
 * answers data at once or, with `isMute`, by a keepalive after 10 s.
 */
class Behind {
  readonly forgetsMs: number;
  readonly isMute: boolean;
  now = start;
  state: Keepalive | undefined;
  at = there;
  lost = 0;
  asked: { readonly asked: number; readonly answered: number } | undefined;
  #received = 1_000;
  #sent = 1_000;
  #openedAt = start;
  #ownAt = start;
  #peerAt = start;
  #answerAt: number | undefined;

  constructor(forgetsMs: number, isMute = false) {
    this.forgetsMs = forgetsMs;
    this.isMute = isMute;
  }

  /** Sends a packet; tells whether it went through. */
  #send(bytes: number): boolean {
    this.#sent += bytes;
    this.#ownAt = this.now;
    if (this.now - this.#openedAt >= this.forgetsMs) return false;
    this.#openedAt = this.#peerAt = this.now;
    return true;
  }

  #receive(bytes: number): void {
    this.#received += bytes;
    this.#openedAt = this.#ownAt = this.#peerAt = this.now;
  }

  ping(): boolean {
    const isThrough = this.#send(128);
    if (!isThrough) this.lost++;
    else if (this.isMute) this.#answerAt ??= this.now + 10_000;
    else this.#receive(128);
    return isThrough;
  }

  run(seconds: number): this {
    for (const end = this.now + seconds * 1000; this.now < end; this.now += 100) {
      const own = (this.state?.seconds ?? 25) * 1000;
      if (this.#answerAt !== undefined && this.now >= this.#answerAt) {
        this.#answerAt = undefined;
        this.#receive(32);
      }
      if (this.now - this.#ownAt >= own) this.#send(32);
      if (this.now - this.#peerAt >= 25_000) this.#receive(32);
      if ((this.now - start) % 2_000 === 0) this.poll();
    }
    return this;
  }

  poll(): void {
    const observed = {
      publicKey: key(1),
      endpoint: this.at,
      allowedIPs: [],
      receivedBytes: this.#received,
      sentBytes: this.#sent,
      keepaliveSeconds: 25,
    };
    this.state = learn(this.state, observed, this.asked, this.now);
  }

  /** Pings at random times, with pauses as people make them. */
  pings(count: number): this {
    const random = randomFrom(7);
    for (let sent = 0; sent < count; sent++) {
      this.run(6 + random() * 30);
      this.ping();
    }
    return this;
  }
}

test("behind a NAT that forgets after 10 s pings after a pause are lost at first, and none once that was learnt", () => {
  const peer = new Behind(10_000).pings(60);
  expect(peer.state?.seconds).toBeGreaterThanOrEqual(5);
  expect(peer.state?.seconds).toBeLessThan(10);
  peer.lost = 0;
  peer.pings(60);
  expect(peer.lost).toBe(0);
});

test("a NAT that remembers for longer than the keepalives take teaches nothing", () => {
  expect(new Behind(30_000).pings(100)).toMatchObject({
    lost: 0,
    state: { heardAt: expect.any(Number) as number },
  });
  expect(new Behind(30_000).pings(100).state?.seconds).toBeUndefined();
});

test("a peer that has nothing to answer, and sends its keepalive after 10 s, teaches nothing", () => {
  expect(new Behind(1_000_000, true).pings(100).state?.seconds).toBeUndefined();
});

test.each([
  [undefined, false],
  [{ asked: 4, answered: 1 }, false],
  [{ asked: 4, answered: 0 }, true],
])(
  "what is heard after 10 s may be an answer, but not where questions stayed open (%j)",
  (asked, isLearnt) => {
    const peer = new Behind(10_000).run(15);
    peer.asked = asked;
    expect(peer.ping()).toBe(false);
    peer.run(14);
    expect(peer.state?.seconds !== undefined).toBe(isLearnt);
  },
);

test("what was learnt holds for the address where it was learnt", () => {
  const peer = new Behind(10_000).pings(60);
  expect(peer.state?.seconds).toBeDefined();
  peer.at = elsewhere;
  peer.run(4);
  expect(peer.state?.seconds).toBeUndefined();
});

test("a busy path that breaks for a while is not one that was forgotten", () => {
  let state: Keepalive | undefined;
  let [received, sent] = [0, 0];
  for (let second = 0; second < 120; second++) {
    const isBroken = second >= 60 && second < 80;
    sent += 128;
    if (!isBroken) received += 128;
    const observed = {
      publicKey: key(1),
      endpoint: there,
      allowedIPs: [],
      receivedBytes: received,
      sentBytes: sent,
      keepaliveSeconds: 25,
    };
    state = learn(state, observed, { asked: isBroken ? 9 : 0, answered: 0 }, start + second * 1000);
  }
  expect(state?.seconds).toBeUndefined();
});

test.each([
  ["goes back, after the path changed", { goesBack: true } as const, 1, undefined, 5],
  ["goes back, after this node lost an address", { goesBack: true } as const, 0, start, 5],
  ["goes back, and is where it always was", { goesBack: true } as const, 0, undefined, 25],
  ["stays where it was led", {}, 3, start, 25],
])("a peer that %s", (_, spec, changes, shakenAt, seconds) => {
  const path = { endpoint: there, since: start, changes, known: [], probes: 0 };
  const around = { spec, shakenAt, keepaliveSeconds: 25 };
  expect(intervalFor({ path }, around)).toBe(seconds);
  expect(intervalFor({ path }, { ...around, keepaliveSeconds: 3 })).toBe(3);
});
