import { describe, expect, test } from "vitest";
import type { Secret } from "../../../src/base/secret.ts";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { type Envelope, sealEndpoint } from "../../../src/discovery/envelope.ts";
import { KnownAffiliates } from "../../../src/discovery/known-affiliates.ts";
import { sealData } from "../../../src/discovery/seal.ts";
import { affiliateNamed, idOf, key, nameOf, otherKey } from "./samples.ts";

const sealed = (affiliate: Affiliate, secret: Secret = key): Envelope => ({
  id: affiliate.nodeId,
  data: sealData(secret, new Uint8Array(12), encodeAffiliate(affiliate)),
  endpoints: (affiliate.kubespan?.endpoints ?? []).map((one) => sealEndpoint(secret, one)),
});
const named = (...ids: string[]): Envelope[] => ids.map((id) => sealed(affiliateNamed(id, "192.0.2.1:1")));
const ids = (known: KnownAffiliates): string[] => known.affiliates().map(({ nodeId }) => nameOf(nodeId));
const fresh = (): KnownAffiliates => new KnownAffiliates(key, idOf("self"));

describe("what a service tells", () => {
  test("is kept without ourselves and without those who said nothing yet", () => {
    const known = fresh();
    known.snapshot([...named("a", "self", "b"), { id: "c", data: new Uint8Array(), endpoints: [] }]);
    expect(ids(known)).toEqual(["a", "b"]);
    expect(known.refused()).toEqual([]);
  });

  test("follows changes and departures", () => {
    const known = fresh();
    known.snapshot(named("a", "b"));
    known.update(named("c"));
    known.update([sealed({ ...affiliateNamed("a"), hostname: "renamed" })]);
    known.remove([idOf("b"), idOf("never-there")]);
    expect(ids(known).sort()).toEqual(["a", "c"]);
    expect(known.affiliates().find(({ nodeId }) => nodeId === idOf("a"))?.hostname).toBe("renamed");
  });

  test("survives the snapshot of a service that was restarted and knows few", () => {
    const known = fresh();
    known.snapshot(named("a", "b", "c"));
    known.snapshot([...named("d"), { id: idOf("b"), data: new Uint8Array(), endpoints: [] }]);
    expect(ids(known).sort()).toEqual(["a", "b", "c", "d"]);
    known.update(named("a"));
    known.remove([idOf("c")]);
    expect(ids(known).sort()).toEqual(["a", "b", "d"]);
    expect(known.forgetUnconfirmed()).toBe(true);
    expect(ids(known).sort()).toEqual(["a", "d"]);
    expect(known.forgetUnconfirmed()).toBe(false);
  });

  test("is refused with a reason, and good again later", () => {
    const known = fresh();
    const [good] = named("a");
    if (!good) throw new Error("no sample");
    known.snapshot([good, sealed(affiliateNamed("b"), otherKey)]);
    expect(known.refused()).toEqual([{ nodeId: idOf("b"), reason: expect.stringMatching(/does not open/) }]);
    known.update([{ ...good, data: Buffer.alloc(50) }]);
    expect(ids(known)).toEqual([]);
    known.update([good, ...named("b")]);
    expect(ids(known)).toEqual(["a", "b"]);
    expect(known.refused()).toEqual([]);
  });

  test("names items that were left out of an affiliate in use", () => {
    const known = fresh();
    known.snapshot(named("a").map((envelope) => ({ ...envelope, endpoints: [Buffer.alloc(16)] })));
    expect(ids(known)).toEqual(["a"]);
    expect(known.refused()).toEqual([
      { nodeId: idOf("a"), reason: "endpoint 1 of 1: does not open", partly: true },
    ]);
  });

  test("is bounded at 1,024 affiliates, whatever is sent", () => {
    const known = fresh();
    const many = Array.from({ length: 1024 }, (_, index) => `node-${index}`);
    known.snapshot(named(...many, "one-more"));
    expect(known.affiliates()).toHaveLength(1024);
    expect(known.refused()).toEqual([
      { nodeId: idOf("one-more"), reason: "there are 1024 affiliates already" },
    ]);
    known.update(named("node-7"));
    expect(known.affiliates()).toHaveLength(1024);
    known.remove([idOf("node-8")]);
    known.update(named("one-more"));
    expect(known.refused()).toEqual([]);
  });

  test("fills no memory with refusals", () => {
    const known = fresh();
    const data = Buffer.alloc(40);
    known.snapshot(Array.from({ length: 5000 }, (_, index) => ({ id: `x${index}`, data, endpoints: [] })));
    known.update([{ id: "\u001b[2J".repeat(100), data, endpoints: [] }]);
    expect(known.refused()).toHaveLength(128);
    known.update(named("a"));
    expect(ids(known)).toEqual(["a"]);
  });
});
