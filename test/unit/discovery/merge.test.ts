import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { mergeAffiliates } from "../../../src/discovery/index.ts";
import { address, affiliateNamed, anyAffiliate, endpoint, publicKey, sample } from "./samples.ts";

/** Few ids, so that sources overlap. */
const source = fc.uniqueArray(anyAffiliate(fc.constantFrom("a", "b", "c")), {
  selector: (affiliate) => affiliate.nodeId,
});

describe("merging registries", () => {
  test("unites lists in order, without duplicates", () => {
    const first = affiliateNamed("a", "192.0.2.1:1", "192.0.2.2:2");
    const second = affiliateNamed("a", "192.0.2.2:2", "192.0.2.3:3");
    const [merged] = mergeAffiliates([[first], [{ ...second, addresses: [address("10.0.0.9")] }]]);
    expect(merged?.addresses).toEqual(["10.0.0.1", "2001:db8::1", "10.0.0.9"]);
    expect(merged?.kubespan?.endpoints).toEqual(["192.0.2.1:1", "192.0.2.2:2", "192.0.2.3:3"].map(endpoint));
  });

  test.each([
    ["hostname", "new"],
    ["nodeName", "new"],
    ["operatingSystem", "new"],
    ["machineType", "controlplane"],
    ["apiServerPort", 7443],
  ] as const)("takes the later %s, unless there is none", (field, value) => {
    const { apiServerPort: _port, ...rest } = sample;
    const silent: Affiliate = {
      ...rest,
      hostname: "",
      nodeName: "",
      machineType: "unknown",
      operatingSystem: "",
    };
    expect(mergeAffiliates([[sample], [silent]])).toEqual([sample]);
    expect(mergeAffiliates([[sample], [{ ...silent, [field]: value }]])).toEqual([
      { ...sample, [field]: value },
    ]);
  });

  test("takes key and address from the same source", () => {
    const kubespan = { ...sample.kubespan, publicKey: publicKey(9), address: address("fd00::2:0:0:0:9") };
    const later = { ...sample, kubespan: { ...affiliateNamed("x").kubespan, ...kubespan } } as Affiliate;
    expect(mergeAffiliates([[sample], [later]])[0]?.kubespan).toMatchObject({
      publicKey: publicKey(9),
      address: "fd00:0:0:2::9",
    });
  });

  test("knows a node's mesh part even if the later source does not", () => {
    const { kubespan, ...without } = sample;
    expect(mergeAffiliates([[sample], [without]])[0]?.kubespan).toEqual(kubespan);
  });

  test("changes nothing where there is one source, and nothing if it is said twice", () => {
    fc.assert(
      fc.property(source, (affiliates) => {
        expect(mergeAffiliates([affiliates])).toEqual(affiliates);
        expect(mergeAffiliates([affiliates, [], affiliates])).toEqual(affiliates);
      }),
    );
  });

  test("can be done in steps", () => {
    fc.assert(
      fc.property(source, source, source, (a, b, c) => {
        const all = mergeAffiliates([a, b, c]);
        expect(mergeAffiliates([mergeAffiliates([a, b]), c])).toEqual(all);
        expect(mergeAffiliates([a, mergeAffiliates([b, c])])).toEqual(all);
      }),
    );
  });

  test("gives each node once and loses no address", () => {
    fc.assert(
      fc.property(fc.array(source, { maxLength: 4 }), (sources) => {
        const merged = mergeAffiliates(sources);
        expect(new Set(merged.map(({ nodeId }) => nodeId)).size).toBe(merged.length);
        for (const { nodeId, addresses } of sources.flat())
          expect(merged.find((one) => one.nodeId === nodeId)?.addresses).toEqual(
            expect.arrayContaining([...addresses]),
          );
      }),
    );
  });
});
