import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { type OwnSide, type Specified, type Standings, specify } from "../../../src/members/index.ts";
import { respecify } from "../../../src/members/respecify.ts";
import { type Endpoint, endpointAddress, type Prefix } from "../../../src/net/index.ts";
import { address, endpoint, key, affiliate as peer, prefix } from "../mesh/values.ts";
import { claimsOf } from "./claims-of.ts";
import { own as plain, specOf } from "./own.ts";

const own: OwnSide = { ...plain, networks: [prefix("198.51.100.0/25")], registries: [address("10.9.0.1")] };
const specified = (
  affiliates: readonly Affiliate[],
  before?: Specified,
  side: OwnSide = own,
  standings: Standings = new Map(),
): Specified => specify(claimsOf(affiliates), side, standings, before);

/** All that follows from specs, in a form that can be compared. The routes are those to every endpoint that is announced. */
function shown({ specs, kinds, asked, contests, takings, shared, spare, routed }: Specified): unknown {
  const routes = endpoints.map((each) => routed.find(endpointAddress(each)));
  return { specs, kinds, asked, contests, takings, shared, spare, routes };
}

// A small world, in which members often have something in common, and often nothing.
const networks: readonly Prefix[] = [
  "10.0.0.0/8",
  "10.1.0.0/16",
  "10.1.2.0/24",
  "10.1.3.0/24",
  "10.1.2.128/25",
  "10.9.0.0/24",
  "10.244.0.0/25",
  "203.0.113.0/24",
  "203.0.113.7/32",
  "172.16.0.0/24",
  "172.16.1.0/24",
  "172.16.2.0/23",
  "172.16.4.0/24",
  "2001:db8:1::/48",
  "2001:db8:1:2::/64",
  "2001:db8:2::/48",
  "192.168.0.0/25",
  "192.168.0.128/25",
].map(prefix);
const addresses = ["203.0.113.7", "203.0.113.9", "198.51.100.3", "172.16.0.1", "2001:db8:1::9"].map(address);
const endpoints: readonly Endpoint[] = [
  "203.0.113.7:51820",
  "203.0.113.9:51820",
  "198.51.100.3:51820",
  "172.16.0.1:51820",
  "172.16.4.1:9",
  "[2001:db8:1::9]:51820",
  "[2001:db8:1:2::9]:51820",
  "192.0.2.1:7",
  "10.1.2.3:51820",
  "192.168.0.5:3",
].map(endpoint);

const some = <Item>(items: readonly Item[], maxLength: number): fc.Arbitrary<Item[]> =>
  fc.uniqueArray(fc.constantFrom(...items), { maxLength });

const seldom = <Item>(items: readonly Item[], maxLength: number): fc.Arbitrary<Item[]> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Item[]>([]) },
    { weight: 1, arbitrary: some(items, maxLength) },
  );

const said = fc.record({
  /** The networks that nobody else claims, by number. */
  alone: some([2, 3, 4, 5], 3),
  additionalAddresses: seldom(networks, 2),
  excludedNetworks: seldom(networks, 1),
  endpoints: some(endpoints, 2),
  /** The number of the node whose key it has. */
  keyOf: fc.constantFrom(...Array<undefined>(40), 5),
  addresses: seldom(addresses, 2),
  isTalos: fc.constantFrom(...Array<false>(20).fill(false), true),
  nodeName: fc.constantFrom(...Array<string>(20).fill("name"), "other"),
});
type Said = typeof said extends fc.Arbitrary<infer Value> ? Value : never;

function toldBy(number: number, told: Said): Affiliate {
  const {
    keyOf = number,
    addresses: listed,
    isTalos,
    nodeName,
    alone,
    additionalAddresses,
    ...kubespan
  } = told;
  const networksOf = [
    ...alone.map((each) => prefix(`10.${number + 50}.${each}.0/24`)),
    ...additionalAddresses,
  ];
  return peer(
    number,
    { ...kubespan, additionalAddresses: networksOf, publicKey: key(keyOf) },
    {
      addresses: listed,
      nodeName: `${nodeName}-${number}`,
      ...(isTalos && { operatingSystem: "Talos (v1.9)" }),
    },
  );
}

const count = 6;
const change = fc.record({
  told: fc.array(fc.tuple(fc.nat(count - 1), said), { maxLength: 2 }),
  working: fc.option(fc.tuple(fc.nat(count - 1), fc.constantFrom(...endpoints))),
  connected: some(
    Array.from({ length: count }, (_, at) => at),
    count,
  ),
  leaves: fc.constantFrom(...Array<undefined>(20), 3),
});

describe("specs after some members changed", () => {
  it("are those that would be made from nothing, whatever changes and in whatever order", () => {
    let alone = 0;
    fc.assert(
      fc.property(
        fc.array(said, { minLength: count, maxLength: count }),
        fc.array(change, { maxLength: 8 }),
        (first, changes) => {
          const members = first.map((each, at) => toldBy(at + 2, each));
          let side = own;
          let before = specified(members, undefined, side);
          for (const { told, working, connected, leaves } of changes) {
            for (const [at, each] of told) members[at] = toldBy(at + 2, each);
            if (working) {
              const [at, where] = working;
              side = { ...side, lastWorking: new Map(side.lastWorking).set(key(at + 2), where) };
            }
            const present = members.filter((_, at) => at !== leaves);
            const standings: Standings = new Map(
              present.map(({ nodeId }, at) => [
                nodeId,
                {
                  isConnected: connected.includes(at),
                  isConfirmed: true,
                  isNamed: true,
                  announcedAt: at,
                  claimedSince: new Map(),
                },
              ]),
            );
            const after = specified(present, before, side, standings);
            expect(shown(after)).toEqual(shown(specified(present, undefined, side, standings)));
            if (after !== before && after.takings === before.takings) alone++;
            before = after;
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(alone).toBeGreaterThan(50); // or nothing was shown of those that are decided alone
  });
});

const said2 = (text: string): Affiliate => peer(2, { additionalAddresses: [prefix(text)] });

describe("the spec of one member that changed", () => {
  const members = [
    peer(2, { additionalAddresses: [prefix("10.1.2.0/24")] }),
    peer(3, { additionalAddresses: [prefix("10.1.4.0/24")] }),
    peer(4, { additionalAddresses: [prefix("10.1.3.0/24")], endpoints: [endpoint("203.0.113.9:51820")] }),
  ];
  const before = specified(members);

  it("is made alone where nobody else has to do with it, and all others stay the same objects", () => {
    const after = respecify(before, said2("172.16.0.0/24"), own);
    expect(after?.specs.networks).toEqual(["10.1.3.0/24", "10.1.4.0/24", "172.16.0.0/24"]);
    expect(after && specOf(after.specs, "node-2").allowedIPs).toContain("172.16.0.0/24");
    expect(after && specOf(after.specs, "node-3")).toBe(specOf(before.specs, "node-3"));
    expect(after?.takings).toBe(before.takings);
  });

  it("joins its network with those beside it, and parts them again", () => {
    const joined = respecify(before, said2("10.1.5.0/24"), own);
    expect(joined?.specs.networks).toEqual(["10.1.3.0/24", "10.1.4.0/23"]);
    const parted = joined && respecify(joined, said2("10.1.2.0/24"), own);
    expect(parted?.specs.networks).toEqual(before.specs.networks);
    expect(parted?.spare).toBe(before.spare);
  });

  it.each([
    ["claims what another one has", said2("10.1.4.0/24")],
    ["claims a part of it", said2("10.1.4.0/25")],
    ["claims more, around it", said2("10.1.0.0/16")],
    ["claims a network in which another one may be dialled", said2("203.0.113.0/24")],
    ["has another key", peer(2, { publicKey: key(9) })],
    ["has another address in the mesh", peer(2, { address: address("fd00:0:0:2::77") })],
    ["has another name", peer(2, {}, { nodeName: "renamed" })],
    ["runs Talos now", peer(2, {}, { operatingSystem: "Talos (v1.9)" })],
    ["is new", peer(7)],
  ])("is not made alone where the member %s", (_, affiliate) => {
    expect(respecify(before, affiliate, own)).toBeUndefined();
  });

  it("is not made alone where it lost something to another one, or took it", () => {
    const wide = peer(5, { additionalAddresses: [prefix("10.1.0.0/16")] });
    const all = specified([...members, wide]);
    expect(respecify(all, said2("172.16.0.0/24"), own)).toBeUndefined();
    expect(respecify(all, peer(5), own)).toBeUndefined();
  });

  it("is not made alone near the bound of what all members together may have", () => {
    const many = Array.from({ length: 64 }, (_, at) =>
      peer(at + 10, {
        additionalAddresses: Array.from({ length: 254 }, (__, low) => prefix(`10.${at + 10}.${low}.0/24`)),
      }),
    );
    const full = specified([...members, ...many]);
    expect(full.spare).toBeLessThan(256);
    expect(respecify(full, said2("172.16.0.0/24"), own)).toBeUndefined();
  });
});
