import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/index.ts";
import {
  createCookieReply,
  createInitiation,
  mac,
  openCookie,
  publicOf,
  recipientKey,
  timestamp,
} from "../../../src/handshake/index.ts";
import { judge, PassingMemory, pairsAt, type Surroundings } from "../../../src/relay/passing.ts";
import { endpoint } from "../mesh/values.ts";

const now = 1_700_000_000_000;
const privateOf = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** A node of the test: its keys, and where the relay sees it. */
const member = (number: number, at: string) => ({
  number,
  publicKey: base64(publicOf(privateOf(number))),
  bytes: publicOf(privateOf(number)),
  endpoint: endpoint(at),
});
const a = member(1, "203.0.113.1:1001");
const b = member(2, "203.0.113.2:1002");
const c = member(3, "[2001:db8::3]:1003");
const away = member(4, "203.0.113.4:1004");
const own = member(9, "203.0.113.9:51820");
const stranger = endpoint("198.51.100.7:7");

const around: Surroundings = {
  byEndpoint: new Map([a, b, c].map((each) => [each.endpoint, each])),
  byKey: new Map([a, b, c].map((each) => [each.publicKey, each])),
  own: recipientKey(own.bytes),
  recipients: new Map([a, b, c, away].map((each) => [each.publicKey, recipientKey(each.bytes)])),
  maxPairs: 1,
  secret: new Uint8Array(32).fill(5),
};

/** A packet as the relay takes it; what was known before stays as it is. */
const judged = (
  before: PassingMemory,
  packet: Uint8Array,
  from: typeof stranger,
  at = now,
  surroundings = around,
) => {
  const after = new PassingMemory();
  for (const each of ["waiting", "pairs", "paces"] as const)
    for (const [name, value] of before[each]) after[each].set(name, value as never);
  after.forget(at);
  const { verdict, change } = judge(after, packet, from, surroundings, at);
  after.apply(change);
  return { verdict, after };
};
const nothingPassed = new PassingMemory();

const endsOf = (from: { number: number; bytes: Uint8Array }, to: { bytes: Uint8Array }) => ({
  privateKey: new Secret(privateOf(from.number)),
  publicKey: from.bytes,
  peerPublicKey: to.bytes,
  presharedKey: new Secret(new Uint8Array(32)),
});

const initiation = (
  from: { number: number; bytes: Uint8Array },
  to: { bytes: Uint8Array },
  senderIndex = 7,
  cookie?: Uint8Array,
) => {
  const fresh = {
    ephemeral: privateOf(77),
    senderIndex,
    stamp: timestamp(now, undefined) ?? new Uint8Array(12),
    cookie,
  };
  return createInitiation(endsOf(from, to), fresh)?.message ?? expect.fail("no initiation");
};

/** The cookie that the sender of an initiation finds in the answer of a relay. */
const cookieIn = (
  reply: Uint8Array,
  from: { number: number; bytes: Uint8Array },
  to: { bytes: Uint8Array },
): Uint8Array => {
  const message = initiation(from, to);
  const secret = new Secret(new Uint8Array(32));
  const sent = { message, senderIndex: 7, ephemeral: secret, chain: secret, hash: new Uint8Array(32) };
  return openCookie(endsOf(from, to), sent, reply) ?? expect.fail("no cookie");
};

/** A response as everybody could make it: a relay can check no more of one than for whom it is. */
const response = (to: { bytes: Uint8Array }, receiverIndex = 7, senderIndex = 8): Uint8Array => {
  const message = Buffer.alloc(92);
  message.writeUInt8(2);
  message.writeUInt32BE(senderIndex, 4);
  message.writeUInt32BE(receiverIndex, 8);
  message.set(mac(recipientKey(to.bytes), message.subarray(0, 60)), 60);
  return new Uint8Array(message);
};

const cookie = (receiverIndex = 7): Uint8Array => {
  const message = Buffer.alloc(64);
  message.writeUInt8(3);
  message.writeUInt32BE(receiverIndex, 4);
  return new Uint8Array(message);
};

const verdictOf = (packet: Uint8Array, from: typeof stranger, before = nothingPassed, at = now) =>
  judged(before, packet, from, at).verdict;
const asked = judged(nothingPassed, initiation(a, b), a.endpoint, now).after;

describe("a handshake message", () => {
  it("goes from a neighbour to the one that it names, and opens nothing yet", () => {
    expect(verdictOf(initiation(a, b), a.endpoint)).toEqual({ kind: "pass", to: b.endpoint, ways: [] });
    expect(pairsAt(asked, now)).toBe(0);
  });

  it("opens both ways when it answers, from the other's endpoint, and goes back", () => {
    const { verdict, after } = judged(asked, response(a), b.endpoint, now + 100);
    expect(verdict).toEqual({
      kind: "pass",
      to: a.endpoint,
      ways: [
        { from: a.endpoint, receiverIndex: 8, to: b.endpoint },
        { from: b.endpoint, receiverIndex: 7, to: a.endpoint },
      ],
    });
    expect(pairsAt(after, now + 100)).toBe(1);
    expect(pairsAt(after, now + 200_000)).toBe(0);
    expect(judged(after, response(a), b.endpoint, now + 101).verdict).toEqual({ kind: "ignore" });
  });

  it("goes back without opening anything if it is a cookie", () => {
    expect(verdictOf(cookie(), b.endpoint, asked)).toEqual({ kind: "pass", to: a.endpoint, ways: [] });
  });

  it.each<[string, Uint8Array, typeof stranger, PassingMemory, string]>([
    ["an initiation from anywhere else", initiation(a, b), stranger, nothingPassed, "refuse"],
    ["one for this node", initiation(a, own), a.endpoint, nothingPassed, "ignore"],
    [
      "one for a node that is no member",
      initiation(a, member(50, "203.0.113.50:1")),
      a.endpoint,
      nothingPassed,
      "ignore",
    ],
    ["one for a member that is not connected here", initiation(a, away), a.endpoint, nothingPassed, "refuse"],
    ["one for the sender itself", initiation(b, a), a.endpoint, nothingPassed, "refuse"],
    ["one for a member of the other family", initiation(a, c), a.endpoint, nothingPassed, "refuse"],
    ["an answer from anywhere else", response(a), stranger, asked, "ignore"],
    ["an answer from the initiator", response(a), a.endpoint, asked, "ignore"],
    ["an answer to another index", response(a, 9), b.endpoint, asked, "ignore"],
    ["an answer for somebody else", response(c), b.endpoint, asked, "ignore"],
    ["an answer to nothing", response(a), b.endpoint, nothingPassed, "ignore"],
    ["a message that is too short", initiation(a, b).subarray(0, 147), a.endpoint, nothingPassed, "ignore"],
  ])("moves nothing: %s", (_, packet, from, before, kind) => {
    const { verdict, after } = judged(before, packet, from, now);
    expect(verdict.kind).toBe(kind);
    expect([after.waiting, after.pairs]).toEqual([before.waiting, before.pairs]);
  });

  it("that renews a session is compared with nobody but those with whom its sender has one", () => {
    const { after } = judged(asked, response(a), b.endpoint);
    const compared: string[] = [];
    class Noting extends Map<string, Uint8Array> {
      override get(publicKey: string): Uint8Array | undefined {
        compared.push(publicKey);
        return super.get(publicKey);
      }
      override [Symbol.iterator](): MapIterator<[string, Uint8Array]> {
        return expect.fail("all were compared");
      }
    }
    const recipients = new Noting();
    for (const [publicKey, key] of around.recipients) recipients.set(publicKey, key);
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const { verdict } = judge(after, initiation(from, to), from.endpoint, { ...around, recipients }, now);
      expect(verdict).toMatchObject({ kind: "pass", to: to.endpoint });
    }
    expect(compared).toEqual([b.publicKey, a.publicKey]);
  });

  it("for somebody unknown costs its sender what looking for the recipient costs", () => {
    let state = nothingPassed;
    const kinds: string[] = [];
    for (let number = 0; number < 100; number++) {
      const { verdict, after } = judged(state, initiation(a, member(50, "203.0.113.50:1")), a.endpoint);
      kinds.push(verdict.kind === "refuse" ? verdict.reason : verdict.kind);
      state = after;
    }
    expect(kinds.filter((kind) => kind === "ignore")).toHaveLength(60);
    expect(new Set(kinds.slice(60))).toEqual(new Set(["too often"]));
    expect(judged(state, initiation(b, a), b.endpoint, now).verdict.kind).toBe("pass");
  });

  it("is not awaited for longer than five seconds", () => {
    expect(judged(asked, response(a), b.endpoint, now + 5_000).verdict).toEqual({ kind: "ignore" });
  });

  it("is passed on for no more pairs than allowed, but for those that are there", () => {
    const d = member(5, "203.0.113.5:1005");
    const more = {
      ...around,
      byEndpoint: new Map(around.byEndpoint).set(d.endpoint, d),
      byKey: new Map(around.byKey).set(d.publicKey, d),
      recipients: new Map(around.recipients).set(d.publicKey, recipientKey(d.bytes)),
    };
    const { after } = judged(asked, response(a), b.endpoint, now, more);
    const third = judged(after, initiation(a, d), a.endpoint, now + 1_000, more);
    expect(third.verdict).toEqual({ kind: "refuse", reason: "too many" });
    expect(judged(after, initiation(b, a), b.endpoint, now + 1_000, more).verdict.kind).toBe("pass");
    expect(judged(after, initiation(a, d), a.endpoint, now + 200_000, more).verdict.kind).toBe("pass");
  });

  it("is passed on a dozen times at once, and then once in four seconds", () => {
    let passing = nothingPassed;
    let passed = 0;
    for (let at = now; at < now + 60_000; at += 100) {
      const { verdict, after } = judged(passing, initiation(a, b, at - now), a.endpoint, at);
      passing = after;
      if (verdict.kind === "pass") passed++;
    }
    expect(passed).toBeGreaterThanOrEqual(26);
    expect(passed).toBeLessThanOrEqual(28);
    expect(passing.waiting.size).toBeLessThan(5);
  });

  it("of whatever bytes, from wherever, moves nothing", () => {
    const lengths = fc.constantFrom(0, 4, 31, 32, 64, 92, 148, 1_452);
    const packets = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
    const typed = fc.tuple(packets, fc.constantFrom(1, 2, 3, 4)).map(([bytes, type]) => {
      const packet = new Uint8Array(bytes);
      packet.set([type, 0, 0, 0].slice(0, packet.length));
      return packet;
    });
    fc.assert(
      fc.property(typed, fc.constantFrom(stranger, a.endpoint, b.endpoint), (packet, from) => {
        const { verdict, after } = judged(asked, packet, from, now);
        expect(verdict.kind).not.toBe("pass");
        expect([after.waiting, after.pairs]).toEqual([asked.waiting, asked.pairs]);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("what is forged in the name of a member", () => {
  /** After so many initiations for b from a's endpoint, none of which shows that it is a's. */
  const flooded = (count: number, at = now): PassingMemory => {
    const memory = new PassingMemory();
    for (let number = 0; number < count; number++)
      memory.apply(judge(memory, initiation(a, b, 1_000 + number), a.endpoint, around, at).change);
    return memory;
  };
  const flood = flooded(12);
  const asking = judged(flood, initiation(a, b), a.endpoint).verdict;
  const given = asking.kind === "prove" ? asking.cookie : expect.fail(asking.kind);

  it("leaves it its way: it proves that it is there as it would to WireGuard, and is passed on", () => {
    const reply = createCookieReply(initiation(a, b), b.bytes, {
      cookie: given,
      nonce: new Uint8Array(24).fill(3),
    });
    expect(reply.length).toBeLessThan(initiation(a, b).length);
    const proven = initiation(a, b, 9, cookieIn(reply, a, b));
    expect(judged(flood, initiation(a, b, 8), a.endpoint).verdict.kind).toBe("prove");
    expect(judged(flood, proven, a.endpoint).verdict).toEqual({ kind: "pass", to: b.endpoint, ways: [] });
    expect(judged(flooded(70), proven, a.endpoint).verdict.kind).toBe("pass");
  });

  it("takes nothing of what others need, not even of the other end's of the same pair", () => {
    expect(judged(flooded(70), initiation(b, a), b.endpoint).verdict.kind).toBe("pass");
  });

  it("is not passed on for a cookie of another endpoint, or for an old one", () => {
    const bearing = initiation(a, b, 9, given);
    const elsewhere = { ...around, secret: new Uint8Array(32).fill(6) };
    expect(judged(flood, bearing, a.endpoint, now, elsewhere).verdict.kind).toBe("prove");
    const later = now + 300_000;
    expect(judged(flooded(12, later), bearing, a.endpoint, later).verdict.kind).toBe("prove");
    expect(judged(flooded(12, now + 100_000), bearing, a.endpoint, now + 100_000).verdict.kind).toBe("pass");
  });

  it("is answered with few cookies, and each is shorter than what asked for it", () => {
    const memory = flooded(12);
    let cookies = 0;
    for (let number = 0; number < 100; number++) {
      const { verdict, change } = judge(memory, initiation(a, b, number), a.endpoint, around, now);
      memory.apply(change);
      if (verdict.kind === "prove") cookies++;
    }
    expect(cookies).toBe(40);
  });

  it("takes half of the places for answers at most", () => {
    const crowded = flooded(1);
    const [one] = crowded.waiting.values();
    for (let number = 0; number < 600; number++)
      crowded.waiting.set(`${number}`, one ?? expect.fail("nothing waits"));
    expect(judged(crowded, initiation(a, b, 8), a.endpoint).verdict.kind).toBe("prove");
    expect(judged(crowded, initiation(a, b, 8, given), a.endpoint).verdict.kind).toBe("pass");
  });
});

describe("what a relay remembers", () => {
  it("is forgotten when it is over, the oldest first, and nothing else is looked at", () => {
    const memory = new PassingMemory();
    for (const at of [now, now + 1_000, now + 2_000])
      memory.apply(judge(memory, initiation(a, b, at - now), a.endpoint, around, at).change);
    expect(memory.waiting.size).toBe(3);
    memory.forget(now + 6_000);
    expect(memory.waiting.size).toBe(1);
    memory.forget(now + 70_000);
    expect([memory.waiting.size, memory.paces.size]).toEqual([0, 0]);
  });
});
