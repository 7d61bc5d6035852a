import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CachedAffiliates,
  cacheContent,
  cacheText,
  largestCache,
  openCache,
} from "../../../../src/discovery/cache/contents.ts";
import { cachedInUse } from "../../../../src/discovery/cache/in-use.ts";
import { sealData } from "../../../../src/discovery/seal.ts";
import { affiliateNamed, anyAffiliate, idOf, key, nameOf, otherKey, sample } from "../samples.ts";

const cluster = { id: "a cluster", secret: key };
const text = (affiliates: Parameters<typeof cacheContent>[0], of = cluster): string =>
  cacheText(of, cacheContent(affiliates), 1_000, randomBytes);
const opened = (of: string): CachedAffiliates | { refused: string } => openCache(cluster, idOf("self"), of);

const sealed = (plain: string): string =>
  JSON.stringify({
    version: 1,
    sealed: sealData(key, randomBytes(12), Buffer.from(plain)).toString("base64"),
  });

describe("the cache file", () => {
  test("gives back what was put in, in the order of the ids", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyAffiliate(), { selector: ({ nodeId }) => nodeId }), (affiliates) => {
        const ordered = affiliates.toSorted((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
        expect(opened(text(affiliates))).toEqual({
          savedAt: 1_000,
          affiliates: ordered.filter(({ nodeId }) => nodeId !== idOf("self")),
        });
      }),
    );
  });

  test("shows nothing of what is in it", () => {
    expect(text([sample])).not.toContain(sample.kubespan?.publicKey);
  });

  test("equal affiliates are equal content, in whatever order they were heard", () => {
    const [one, other] = [affiliateNamed("a"), affiliateNamed("b")];
    expect(cacheContent([one, other])).toBe(cacheContent([other, one]));
  });

  test("never holds this node", () => {
    expect(opened(text([affiliateNamed("self"), affiliateNamed("b")]))).toMatchObject({
      affiliates: [{ nodeId: idOf("b") }],
    });
  });

  test("takes no more than can be read again", () => {
    const many = Array.from({ length: 3000 }, (_, index) => ({
      ...affiliateNamed(`node-${index}`),
      operatingSystem: "x".repeat(250),
    }));
    const file = text(many);
    expect(file.length).toBeLessThan(largestCache);
    expect(opened(file)).toMatchObject({ affiliates: { length: 1024 } });
  });

  test.each([
    ["nothing", "", /not a cache/],
    ["half of it", text([sample]).slice(0, 200), /not a cache/],
    ["another version", text([sample]).replace('"version":1', '"version":2'), /not a cache/],
    ["another secret", text([sample], { id: cluster.id, secret: otherKey }), /damaged/],
    ["a changed byte", text([sample]).replace(/"sealed":"..../, '"sealed":"AAAA'), /damaged/],
    ["another cluster", text([sample], { id: "other", secret: key }), /another cluster/],
    ["no JSON inside", sealed("{"), /another shape/],
    ["another shape inside", sealed('{"clusterId":"a cluster"}'), /another shape/],
    ["a time before time", sealed('{"clusterId":"a cluster","savedAt":-1,"affiliates":[]}'), /another shape/],
  ])("is refused with %s", (_, file, reason) => {
    expect(opened(file)).toEqual({ refused: expect.stringMatching(reason) as string });
  });

  test("leaves out an affiliate that does not pass, and takes the others", () => {
    const bad = '{"data":"AAAA","endpoints":[]}';
    const good = cacheContent([affiliateNamed("b", "192.0.2.1:51820")]).slice(1, -1);
    const odd = good.replace("192.0.2.1:51820", "192.0.2.1:99999");
    const plain = `{"clusterId":"a cluster","savedAt":5,"affiliates":[${bad},${odd}]}`;
    expect(opened(sealed(plain))).toMatchObject({
      affiliates: [{ nodeId: idOf("b"), kubespan: { endpoints: [] } }],
    });
  });

  test("refuses anything else without throwing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.boolean(), (garbage, isSealed) => {
        expect(opened(isSealed ? sealed(garbage) : garbage)).toHaveProperty("refused");
      }),
    );
  });
});

describe("what is remembered counts", () => {
  const cached = [affiliateNamed("a", "192.0.2.1:1"), affiliateNamed("b")];
  const minutes = 60_000;
  test.each([
    ["all of it while no registry answers, however long", [], 0, 2, 600 * minutes, ["a", "b"]],
    ["what one of two registries does not name, for a while", ["a"], 1, 2, 29 * minutes, ["b"]],
    ["nothing when the other stays silent for long", ["a"], 1, 2, 30 * minutes, []],
    ["nothing when all have answered", [], 2, 2, 0, []],
    ["nothing where there is no registry", [], 0, 0, 0, []],
  ])("%s", (_, named, answered, registries, sinceStart, left) => {
    const among = named.map((id) => affiliateNamed(id));
    const inUse = cachedInUse(cached, among, { answered, registries, sinceStart });
    expect(inUse.map(({ nodeId }) => nameOf(nodeId))).toEqual(left);
  });
});
