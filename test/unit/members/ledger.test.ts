import { hash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { sealData } from "../../../src/discovery/seal.ts";
import {
  type Ledger,
  largestLedger,
  ledgerItems,
  ledgerText,
  openLedger,
} from "../../../src/members/ledger.ts";
import type { Member } from "../../../src/members/member.ts";
import { affiliateNamed, anyAffiliate, idOf, key, otherKey, sample } from "../discovery/samples.ts";
import { memberOf, membersOf } from "./member.ts";

const cluster = { id: "a cluster", secret: key };
const members = (affiliates: readonly Affiliate[]) => membersOf(...affiliates.map((each) => memberOf(each)));
const text = (affiliates: readonly Affiliate[], of = cluster): string =>
  ledgerText(of, ledgerItems(members(affiliates)), 1_000).text;
const opened = (of: string): Ledger | { refused: string } => openLedger(cluster, idOf("self"), of);

const sealed = (plain: string, version = 2, secret = key): string =>
  JSON.stringify({
    version,
    sealed: sealData(secret, randomBytes(12), Buffer.from(plain)).toString("base64"),
  });

/** The file that holds this text. */
const holding = (plain: string): string =>
  JSON.stringify({
    version: 3,
    digest: hash("sha256", plain, "base64"),
    content: Buffer.from(plain).toString("base64"),
  });

const time = fc.integer({ min: 1, max: 2 ** 41 });
const why = fc.string({ maxLength: 40 });
const anyMember: fc.Arbitrary<Member> = fc
  .tuple(
    anyAffiliate().filter(({ nodeId, kubespan }) => nodeId !== idOf("self") && kubespan !== undefined),
    time,
    fc.record(
      { connectedAt: time.map((at) => at - (at % 600_000) + 600_000), lostAt: time, lostAfter: time },
      { requiredKeys: [] },
    ),
    fc.oneof(
      fc.constant({ standing: "present" as const }),
      fc.record({ standing: fc.constant("absent" as const), since: time, why }),
      fc.record({
        standing: fc.constant("released" as const),
        since: time,
        why,
        until: fc.constantFrom("named" as const, "renewed" as const),
      }),
    ),
  )
  .map(([affiliate, at, more, standing]) => ({ ...memberOf(affiliate, at, more), ...standing }));

const content = (connectedAt: number): string =>
  [...ledgerItems(membersOf(memberOf(affiliateNamed("a"), 1, { connectedAt }))).values()].join();

describe("the ledger", () => {
  test("gives back what was put in", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyMember, { selector: ({ nodeId }) => nodeId }), (all) => {
        const file = ledgerText(cluster, ledgerItems(membersOf(...all)), 1_000).text;
        expect(opened(file)).toEqual({ savedAt: 1_000, members: membersOf(...all) });
      }),
    );
  });

  test("is read although the cluster has another secret now, which not all nodes may have", () => {
    const file = text([sample]);
    expect(openLedger({ ...cluster, secret: otherKey }, idOf("self"), file)).toEqual(opened(file));
    expect(opened(file)).toHaveProperty("members");
  });

  test("takes what the version of November 2026 kept for members that were heard of then", () => {
    const [one, other] = [
      affiliateNamed("a", "192.0.2.1:1"),
      { ...sample, nodeId: idOf("b"), kubespan: undefined },
    ];
    const items = [one, other].map((each) => ({
      data: Buffer.from(encodeAffiliate(each as Affiliate)).toString("base64"),
      endpoints: each.kubespan?.endpoints ?? [],
    }));
    const plain = JSON.stringify({ clusterId: "a cluster", savedAt: 5, affiliates: items });
    expect(opened(sealed(plain, 1))).toEqual({ savedAt: 5, members: membersOf(memberOf(one, 5)) });
    expect(opened(sealed(plain, 2))).toEqual({ refused: expect.stringMatching(/another shape/) as string });
  });

  test("says when a connected member was last connected to ten minutes, so that it need not be written each time", () => {
    const at = 1_700_000_000_000;
    expect(content(at)).toBe(content(at + 120_000));
    expect(content(at)).not.toBe(content(at + 600_000));
  });

  test("shows nothing of what is in it", () => {
    expect(text([sample])).not.toContain(sample.kubespan?.publicKey);
  });

  test("equal members are equal content, in whatever order they were heard", () => {
    const [one, other] = [affiliateNamed("a"), affiliateNamed("b")];
    expect([...ledgerItems(members([one, other]))]).toEqual([...ledgerItems(members([other, one]))]);
  });

  test("never holds this node", () => {
    expect(opened(text([affiliateNamed("self"), affiliateNamed("b")]))).toMatchObject({
      members: membersOf(memberOf(affiliateNamed("b"))),
    });
  });

  test("takes no more than can be read again", () => {
    const many = Array.from({ length: 3000 }, (_, index) => ({
      ...affiliateNamed(`node-${index}`),
      operatingSystem: "x".repeat(250),
    }));
    const file = text(many);
    expect(file.length).toBeLessThan(largestLedger);
    expect(opened(file)).toMatchObject({ members: { size: 2048 } });
  });

  test.each([
    ["nothing", "", /not a ledger/],
    ["half of it", text([sample]).slice(0, 200), /not a ledger/],
    ["another version", text([sample]).replace('"version":3', '"version":4'), /not a ledger/],
    ["another secret, sealed as before", sealed("{}", 2, otherKey), /damaged/],
    ["a changed byte", text([sample]).replace(/"content":"..../, '"content":"AAAA'), /damaged/],
    ["another cluster", text([sample], { id: "other", secret: key }), /another cluster/],
    ["no JSON inside", sealed("{"), /another shape/],
    ["another shape inside", sealed('{"clusterId":"a cluster"}'), /another shape/],
    ["a time before time", sealed('{"clusterId":"a cluster","savedAt":-1,"members":[]}'), /another shape/],
  ])("is refused with %s", (_, file, reason) => {
    expect(opened(file)).toEqual({ refused: expect.stringMatching(reason) as string });
  });

  test("leaves out a member that does not pass, and takes the others", () => {
    const one = memberOf(affiliateNamed("b", "192.0.2.1:51820"));
    const good = [...ledgerItems(membersOf(one)).values()].join();
    const bad = good.replace(/"data":"[^"]+"/, '"data":"AAAA"');
    const odd = good.replace("192.0.2.1:51820", "192.0.2.1:99999");
    const plain = `{"clusterId":"a cluster","savedAt":5,"members":[${bad},${odd}]}`;
    expect(opened(sealed(plain))).toEqual({ savedAt: 5, members: membersOf(memberOf(affiliateNamed("b"))) });
  });

  test("refuses anything else without throwing", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        fc.constantFrom(sealed, holding, (plain: string) => plain),
        (garbage, put) => {
          expect(opened(put(garbage))).toHaveProperty("refused");
        },
      ),
    );
  });
});
