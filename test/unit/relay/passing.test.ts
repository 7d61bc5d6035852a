import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recipientKey } from "../../../src/handshake/index.ts";
import { judge, PassingMemory, pairsAt } from "../../../src/relay/passing.ts";
import {
  a,
  around,
  asked,
  away,
  b,
  c,
  cookie,
  initiation,
  judged,
  member,
  nothingPassed,
  now,
  own,
  response,
  stranger,
  verdictOf,
} from "./passing-values.ts";

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
