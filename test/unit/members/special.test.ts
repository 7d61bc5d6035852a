import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { peerSpecs } from "../../../src/members/index.ts";
import { hostPrefix, intersect } from "../../../src/net/index.ts";
import { address, affiliate, endpoint, prefix } from "../mesh/values.ts";
import { own, owns, specOf } from "./own.ts";

describe("special networks", () => {
  const special = [
    "169.254.169.254",
    "127.0.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "100.100.100.200",
    "::a9fe:a9fe",
    "::1",
    "64:ff9b::a9fe:a9fe",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254",
  ];
  const asked = [
    "169.252.0.0/14",
    "169.0.0.0/8",
    "168.0.0.0/8",
    "100.64.0.0/10",
    "::a9fe:a9fe/128",
    "64:ff9b::/96",
    "fe00::/16",
    "fe80::/16",
    "fec0::/16",
    "fd00::/16",
    "169.254.169.254/32",
    "168.63.129.16/32",
    "fd00:ec2::254/128",
  ];

  it.each(asked)("are in no claim and no target: %s", (text) => {
    const specs = peerSpecs([affiliate(2, { additionalAddresses: [prefix(text)] })], own);
    for (const each of special) {
      expect(owns(specs, "node-2", each), each).toBe(false);
      expect(intersect(specs.networks, [hostPrefix(address(each))])).toEqual([]);
    }
    expect(
      specOf(specs, "node-2")
        .refusedPrefixes.map(({ reason }) => reason)
        .join(),
    ).toContain("which is never routed");
  });

  test("are no addresses of a member either, and what lies beside them is its own", () => {
    const addresses = special.map(address);
    const specs = peerSpecs(
      [affiliate(2, { additionalAddresses: [prefix("169.252.0.0/14")] }, { addresses })],
      own,
    );
    expect(specOf(specs, "node-2").allowedIPs).toEqual([
      "169.252.0.0/15",
      "169.255.0.0/16",
      "fd00:0:0:2::2/128",
    ]);
  });

  test("for any claim", () => {
    const any = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 })),
      fc.tuple(fc.ipV6(), fc.integer({ min: 16, max: 128 })),
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 4 }), (claimed) => {
        const additionalAddresses = claimed.map(([base, bits]) =>
          prefix(`${base}/${base.includes(".") && !base.includes(":") ? Math.min(bits, 32) : bits}`),
        );
        const { networks } = peerSpecs([affiliate(2, { additionalAddresses })], own);
        expect(
          intersect(
            networks,
            special.map((each) => hostPrefix(address(each))),
          ),
        ).toEqual([]);
      }),
    );
  });
});

describe("a member's wide claim", () => {
  const evil: Affiliate = affiliate(2, {
    additionalAddresses: [prefix("203.0.113.0/24"), prefix("198.51.100.0/24"), prefix("10.0.0.0/8")],
  });
  const victims = [3, 4, 5].map((number) =>
    affiliate(
      number,
      {
        endpoints: [
          endpoint(`203.0.113.${number}:51820`),
          endpoint(`10.0.0.${number}:51820`),
          endpoint(`198.51.100.77:${number}`),
        ],
      },
      { addresses: [address(`203.0.113.${number}`), address(`10.0.0.${number}`)] },
    ),
  );

  test("empties no candidates: an address that a node has is its own, and a public one is only tried last", () => {
    const specs = peerSpecs([evil, ...victims], own);
    for (const number of [3, 4, 5]) {
      const spec = specOf(specs, `node-${number}`);
      expect(spec.endpoints).toEqual([
        `203.0.113.${number}:51820`,
        `10.0.0.${number}:51820`,
        `198.51.100.77:${number}`,
      ]);
      expect(spec.candidates.at(-1)?.reason).toBe(
        "inside 198.51.100.0/24, which node-2 routes through the mesh",
      );
      expect(owns(specs, `node-${number}`, `203.0.113.${number}`)).toBe(true);
    }
  });

  test("takes the discovery service out of nobody's reach, and what a member has itself stays with it", () => {
    const registries = [address("203.0.113.200"), address("203.0.113.3")];
    const specs = peerSpecs([evil, ...victims], { ...own, registries });
    expect(owns(specs, "node-2", "203.0.113.200")).toBe(false);
    expect(owns(specs, "node-2", "203.0.113.201")).toBe(true);
    expect(owns(specs, "node-3", "203.0.113.3")).toBe(true);
  });

  test("says whose it is and what lies in it", () => {
    const { warnings } = peerSpecs([evil, ...victims], own);
    expect(warnings).toContainEqual({
      who: "node node-2",
      what: "asks for 203.0.113.0/24; 3 networks inside it, 203.0.113.3/32 first, go to node-3, node-4, node-5",
    });
  });
});
