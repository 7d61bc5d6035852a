import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { bounds } from "../../../src/config/bounds.ts";
import { grantClaims, mostNetworks } from "../../../src/members/claims.ts";
import { peerSpecs } from "../../../src/members/index.ts";
import { servedInAll } from "../../../src/members/total.ts";
import { hostPrefix, intersect, type Prefix } from "../../../src/net/index.ts";
import { address, affiliate, prefix } from "../mesh/values.ts";
import { own, owns, specOf } from "./own.ts";

const honest = affiliate(
  9,
  { additionalAddresses: [prefix("10.244.9.0/24")] },
  { addresses: [address("203.0.113.9")] },
);

/** What makes the most networks of the fewest bytes. */
const holes = (count: number): Prefix[] =>
  Array.from({ length: count }, (_, index) =>
    prefix(`2000:${((index * 811 + 7) % 65_521).toString(16)}:${index}::1/128`),
  );

describe("what one announcement makes of itself", () => {
  it.each([
    ["2 KB: a /16 with 80 exclusions (8,699 networks)", [prefix("2000::/16")], holes(80)],
    [
      "45 KB of annotations: 16 of them with 1,024 exclusions (103,549 networks)",
      Array.from({ length: 16 }, (_, index) => prefix(`200${index.toString(16)}::/16`)),
      holes(1024),
    ],
    [
      "45 KB of annotations: 1,024 networks",
      Array.from({ length: 1024 }, (_, index) => prefix(`10.${index >> 8}.${index & 255}.0/24`)),
      [],
    ],
  ])("%s: is bounded, with a reason, and takes nothing from others", (_, asked, excludedNetworks) => {
    const evil = affiliate(2, { additionalAddresses: asked, excludedNetworks });
    const specs = peerSpecs([evil, honest], own);
    const spec = specOf(specs, "node-2");
    expect(spec.allowedIPs.length).toBeLessThanOrEqual(bounds.networks + 1);
    expect(spec.refusedPrefixes.map(({ reason }) => reason).join()).toContain("at most 256 networks");
    expect(spec.refusedPrefixes.length).toBeLessThanOrEqual(65);
    expect(specOf(specs, "node-9").allowedIPs).toEqual([
      "10.244.9.0/24",
      "203.0.113.9/32",
      "fd00:0:0:2::9/128",
    ]);
  });

  test("work for it does not grow with what it would make: a mesh of them is done at once", () => {
    // Subtracted to the end, fifty of these take more than five minutes.
    const evil = Array.from({ length: 100 }, (_, index) =>
      affiliate(
        2,
        {
          publicKey: Buffer.alloc(32, `key ${index} `).toString("base64"),
          address: address(`fd00:0:0:2::${(index + 10).toString(16)}`),
          additionalAddresses: [prefix("2000::/16")],
          excludedNetworks: holes(80),
        },
        { nodeId: `evil${index}` },
      ),
    );
    const { peers } = peerSpecs([...evil, honest], own);
    expect(peers).toHaveLength(101);
    expect(Math.max(...peers.map(({ allowedIPs }) => allowedIPs.length))).toBe(3);
  });

  test("more than 64 excluded networks: the first 64 count, and the rest is named", () => {
    const excludedNetworks = Array.from({ length: 70 }, (_, index) => prefix(`10.7.${index}.0/24`));
    const specs = peerSpecs(
      [affiliate(2, { additionalAddresses: [prefix("10.7.0.0/16")], excludedNetworks })],
      own,
    );
    expect(owns(specs, "node-2", "10.7.63.1")).toBe(false);
    expect(owns(specs, "node-2", "10.7.64.1")).toBe(true);
    expect(specOf(specs, "node-2").refusedPrefixes).toContainEqual({
      value: "6 more excluded networks",
      reason: "of one peer at most 64 are left out",
    });
  });

  test("addresses come before networks, whatever else is asked for", () => {
    const specs = peerSpecs(
      [
        affiliate(
          2,
          {
            additionalAddresses: Array.from({ length: 400 }, (_, index) =>
              prefix(`10.1.${index % 256}.${index >> 8}/32`),
            ),
          },
          { addresses: [address("203.0.113.2")] },
        ),
      ],
      own,
    );
    expect(owns(specs, "node-2", "203.0.113.2")).toBe(true);
    expect(specOf(specs, "node-2").refusedPrefixes).toContainEqual({
      value: "145 more networks",
      reason: "one peer gets at most 256 networks",
    });
  });
});

const asking = (nodeId: string, count: number, from: number) => ({
  nodeId,
  claims: Array.from({ length: count }, (_, index) => ({
    nodeId,
    label: nodeId,
    prefix: hostPrefix(address(`10.${from}.${index >> 8}.${index & 255}`)),
  })),
});

describe("what all ask for together", () => {
  test("is bounded; who asks for most goes without, and not who asks for little", () => {
    const greedy = Array.from({ length: 70 }, (_, index) => asking(`greedy${index}`, 257, index));
    const modest = Array.from({ length: 100 }, (_, index) => asking(`modest${index}`, 16, 100 + index));
    const { claims, refused } = servedInAll([...greedy, ...modest]);
    expect(claims).toHaveLength(mostNetworks);
    for (const { nodeId } of modest) {
      expect(claims.filter((claim) => claim.nodeId === nodeId)).toHaveLength(16);
      expect(refused.has(nodeId)).toBe(false);
    }
    expect(refused.size).toBeGreaterThan(0);
    expect([...refused.values()][0]?.[0]?.reason).toMatch(/at most 16384 networks/);
  });

  test("whoever asks for 16 gets them, beside 1,023 others", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 257 }), { minLength: 1023, maxLength: 1023 }),
        (counts) => {
          const others = counts.map((count, index) => ({
            nodeId: `other${index}`,
            claims: Array.from({ length: count }, () => asking("x", 1, 0).claims[0]).flatMap(
              (one) => one ?? [],
            ),
          }));
          expect(servedInAll([asking("me", 16, 7), ...others]).refused.has("me")).toBe(false);
        },
      ),
      { numRuns: 3 },
    );
  });
});

describe("a wide network around what many others have", () => {
  const members = Array.from({ length: 400 }, (_, index) => ({
    nodeId: `node${index}`,
    label: `node${index}`,
    prefix: hostPrefix(address(`10.${index % 200}.${(index * 7) % 256}.${(index * 13) % 256}`)),
    isAddress: true as const,
  }));
  const gateway = { nodeId: "gateway", label: "gateway", prefix: prefix("10.0.0.0/8") };

  test("is not refused, and costs no thousand networks: the longer ones are looked up first", () => {
    const { grants } = grantClaims([gateway, ...members]);
    expect(grants.get("gateway")?.prefixes).toEqual(["10.0.0.0/8"]);
    for (const { nodeId, prefix: host } of members) expect(grants.get(nodeId)?.prefixes).toEqual([host]);
  });

  test("cannot be taken from its owner by asking for many addresses in it", () => {
    const pods = { nodeId: "victim", label: "victim", prefix: prefix("10.244.1.0/24") };
    const inside = Array.from({ length: 300 }, (_, index) => ({
      nodeId: `thief${index >> 7}`,
      label: "thief",
      prefix: prefix(`10.244.1.${index % 128 === 0 ? 1 : (index % 128) * 2}/32`),
    }));
    const { grants, takings } = grantClaims([pods, ...inside]);
    const rest = grants.get("victim")?.prefixes ?? [];
    expect(intersect(rest, [prefix("10.244.1.3/32")])).toEqual(["10.244.1.3/32"]);
    expect(takings.length).toBeGreaterThan(100);
  });
});

describe("what one member may claim in all", () => {
  it.each<[string, string[], string[]]>([
    ["all private networks are not too much", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], []],
    ["two of the widest are not", ["10.0.0.0/8", "11.0.0.0/8"], []],
    ["three are", ["10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"], ["12.0.0.0/8"]],
    ["nor three of IPv6", ["2000::/16", "2400::/16", "2600::/16"], ["2600::/16"]],
  ])("%s", (_, asked, refused) => {
    const specs = peerSpecs([affiliate(2, { additionalAddresses: asked.map(prefix) })], {
      ...own,
      advertisedPrefixes: [],
    });
    const reasons = specOf(specs, "node-2").refusedPrefixes;
    expect(reasons.filter(({ reason }) => /more than 2 of/.test(reason)).map(({ value }) => value)).toEqual(
      refused,
    );
  });

  test("254 networks of /8 are not all of IPv4", () => {
    const everything = Array.from({ length: 223 }, (_, index) => prefix(`${index + 1}.0.0.0/8`));
    const specs = peerSpecs([affiliate(2, { additionalAddresses: everything }), honest], own);
    expect(owns(specs, "node-2", "8.8.8.8")).toBe(false);
    expect(owns(specs, "node-9", "203.0.113.9")).toBe(true);
  });
});
