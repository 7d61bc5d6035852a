import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Affiliate, affiliateBytes, mostAffiliateBytes } from "../../../src/discovery/index.ts";
import { fitted } from "../../../src/self/fit.ts";
import { address, affiliate, config, prefix } from "../mesh/values.ts";

const membership = { machine: Buffer.alloc(32, 1).toString("base64"), otherNetworks: [] };
const six = (count: number) => Array.from({ length: count }, (_, at) => address(`2001:db8:5::${at + 1}`));
const four = (count: number) =>
  Array.from({ length: count }, (_, at) => address(`10.1.${at >> 8}.${at & 255}`));
const networks = [prefix("10.244.1.0/24"), prefix("fd00:10::/64")];

describe("what does not fit into an announcement", () => {
  it("is nothing, as a rule, and then the affiliate stays as it is", () => {
    const whole = affiliate(1, { additionalAddresses: networks }, { addresses: four(100) });
    expect(fitted(whole, membership, config())).toEqual({ affiliate: whole, leftOut: [], warnings: [] });
  });

  it("are the last addresses: the first of each family and the networks stay", () => {
    const addresses = [address("192.0.2.1"), ...six(400), ...four(400)];
    const whole = affiliate(1, { additionalAddresses: networks }, { addresses });
    const { affiliate: said, leftOut, warnings } = fitted(whole, membership, config());
    expect(said.kubespan?.additionalAddresses).toEqual(networks);
    expect(said.addresses).toEqual(addresses.slice(0, said.addresses.length));
    expect(said.addresses.length).toBeGreaterThan(80);
    expect(leftOut).toEqual([
      {
        value: `${addresses[said.addresses.length]} and ${addresses.length - said.addresses.length - 1} more`,
        reason: "an announcement holds 2020 bytes, and 256 addresses and networks",
      },
    ]);
    expect(warnings).toEqual([
      { who: "this node", what: expect.stringMatching(/do not fit.*in clear.*advertisedPrefixes/) },
    ]);
  });

  it("is never missed if it is the KubeSpan address, which stands by itself as well", () => {
    const whole = affiliate(1);
    const own = whole.kubespan?.address ?? expect.fail();
    const said = (addresses: Affiliate["addresses"]) =>
      fitted({ ...whole, addresses: [...addresses, own] }, membership, config());
    const many = [address("192.0.2.1"), ...six(400)];
    const full = many.slice(0, said(many).affiliate.addresses.length);
    expect(said(full.slice(0, 10)).affiliate.addresses).toContain(own);
    expect(said(full)).toMatchObject({ affiliate: { addresses: full }, leftOut: [], warnings: [] });
  });

  it("is first what the node excludes, and that is no reason to warn", () => {
    const addresses = [address("192.0.2.1"), ...six(200), address("198.51.100.1")];
    const excluded = config({ excludeAdvertisedNetworks: [prefix("2001:db8:5::/48")] });
    const { affiliate: said, warnings } = fitted(affiliate(1, {}, { addresses }), membership, excluded);
    expect(said.addresses).toContain("198.51.100.1");
    expect(said.addresses.length).toBeLessThan(addresses.length);
    expect(warnings).toEqual([]);
  });

  it("leaves an announcement that a service takes and of which peers refuse nothing, whatever there was", () => {
    const count = fc.nat(600);
    fc.assert(
      fc.property(count, count, fc.nat(200), (sixes, fours, nets) => {
        const additionalAddresses = Array.from({ length: nets }, (_, at) => prefix(`10.2.${at}.0/24`));
        const whole = affiliate(1, { additionalAddresses }, { addresses: [...six(sixes), ...four(fours)] });
        const { affiliate: said } = fitted(whole, membership, config());
        const sent = { ...said, membership: { ...membership, number: Date.now(), startedAt: Date.now() } };
        expect(affiliateBytes(sent)).toBeLessThanOrEqual(mostAffiliateBytes);
        const { additionalAddresses: kept = [] } = said.kubespan ?? {};
        expect(said.addresses.length + kept.length).toBeLessThanOrEqual(256);
        if (sixes + fours > 0) expect(said.addresses.length).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  });
});
