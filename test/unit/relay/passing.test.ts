import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/index.ts";
import { createInitiation, mac, publicOf, recipientKey, timestamp } from "../../../src/handshake/index.ts";
import {
  judge,
  nothingPassed,
  type Passing,
  pairsAt,
  type Surroundings,
} from "../../../src/relay/passing.ts";
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
  own: recipientKey(own.bytes),
  recipients: new Map([a, b, c, away].map((each) => [each.publicKey, recipientKey(each.bytes)])),
  maxPairs: 1,
};

const initiation = (
  from: { number: number; bytes: Uint8Array },
  to: { bytes: Uint8Array },
  senderIndex = 7,
) => {
  const ends = {
    privateKey: new Secret(privateOf(from.number)),
    publicKey: from.bytes,
    peerPublicKey: to.bytes,
    presharedKey: new Secret(new Uint8Array(32)),
  };
  const fresh = {
    ephemeral: privateOf(77),
    senderIndex,
    stamp: timestamp(now, undefined) ?? new Uint8Array(12),
  };
  return createInitiation(ends, fresh)?.message ?? expect.fail("no initiation");
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
  judge(before, packet, from, around, at).verdict;
const asked = judge(nothingPassed, initiation(a, b), a.endpoint, around, now).after;

describe("a handshake message", () => {
  it("goes from a neighbour to the one that it names, and opens nothing yet", () => {
    expect(verdictOf(initiation(a, b), a.endpoint)).toEqual({ kind: "pass", to: b.endpoint, ways: [] });
    expect(pairsAt(asked, now)).toBe(0);
  });

  it("opens both ways when it answers, from the other's endpoint, and goes back", () => {
    const { verdict, after } = judge(asked, response(a), b.endpoint, around, now + 100);
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
    expect(judge(after, response(a), b.endpoint, around, now + 101).verdict).toEqual({ kind: "ignore" });
  });

  it("goes back without opening anything if it is a cookie", () => {
    expect(verdictOf(cookie(), b.endpoint, asked)).toEqual({ kind: "pass", to: a.endpoint, ways: [] });
  });

  it.each<[string, Uint8Array, typeof stranger, Passing, string]>([
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
    const { verdict, after } = judge(before, packet, from, around, now);
    expect(verdict.kind).toBe(kind);
    expect([after.waiting, after.pairs]).toEqual([before.waiting, before.pairs]);
  });

  it("that renews a session is compared with nobody but those with whom its sender has one", () => {
    const { after } = judge(asked, response(a), b.endpoint, around, now);
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
      const { verdict, after } = judge(
        state,
        initiation(a, member(50, "203.0.113.50:1")),
        a.endpoint,
        around,
        now,
      );
      kinds.push(verdict.kind === "refuse" ? verdict.reason : verdict.kind);
      state = after;
    }
    expect(kinds.filter((kind) => kind === "ignore")).toHaveLength(60);
    expect(new Set(kinds.slice(60))).toEqual(new Set(["too often"]));
    expect(judge(state, initiation(b, a), b.endpoint, around, now).verdict.kind).toBe("pass");
  });

  it("is not awaited for longer than five seconds", () => {
    expect(judge(asked, response(a), b.endpoint, around, now + 5_000).verdict).toEqual({ kind: "ignore" });
  });

  it("is passed on for no more pairs than allowed, but for those that are there", () => {
    const d = member(5, "203.0.113.5:1005");
    const more = {
      ...around,
      byEndpoint: new Map(around.byEndpoint).set(d.endpoint, d),
      recipients: new Map(around.recipients).set(d.publicKey, recipientKey(d.bytes)),
    };
    const { after } = judge(asked, response(a), b.endpoint, more, now);
    const third = judge(after, initiation(a, d), a.endpoint, more, now + 1_000);
    expect(third.verdict).toEqual({ kind: "refuse", reason: "too many" });
    expect(judge(after, initiation(b, a), b.endpoint, more, now + 1_000).verdict.kind).toBe("pass");
    expect(judge(after, initiation(a, d), a.endpoint, more, now + 200_000).verdict.kind).toBe("pass");
  });

  it("is passed on a dozen times at once, and then once in four seconds", () => {
    let passing = nothingPassed;
    let passed = 0;
    for (let at = now; at < now + 60_000; at += 100) {
      const { verdict, after } = judge(passing, initiation(a, b, at - now), a.endpoint, around, at);
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
        const { verdict, after } = judge(asked, packet, from, around, now);
        expect(verdict.kind).not.toBe("pass");
        expect([after.waiting, after.pairs]).toEqual([asked.waiting, asked.pairs]);
      }),
      { numRuns: 2_000 },
    );
  });
});
