import { describe, expect, it } from "vitest";
import { createCookieReply } from "../../../src/handshake/index.ts";
import { judge, PassingMemory } from "../../../src/relay/passing.ts";
import { a, around, b, cookieIn, initiation, judged, now } from "./passing-values.ts";

/** After so many initiations for b from a's endpoint, none of which shows that it is a's. */
const flooded = (count: number, at = now): PassingMemory => {
  const memory = new PassingMemory();
  for (let number = 0; number < count; number++)
    memory.apply(judge(memory, initiation(a, b, 1_000 + number), a.endpoint, around, at).change);
  return memory;
};

describe("what is forged in the name of a member", () => {
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
