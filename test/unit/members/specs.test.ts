import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noDialRules } from "../../../src/config/index.ts";
import type { Affiliate, KubespanAffiliate } from "../../../src/discovery/affiliate.ts";
import { type OwnSide, peerSpecs } from "../../../src/members/index.ts";
import { intersect, parsePrefix, unite } from "../../../src/net/index.ts";
import { address, affiliate, endpoint, key, prefix } from "../mesh/values.ts";

const own: OwnSide = {
  nodeId: "self",
  publicKey: key(0),
  address: address("fd00:0:0:2::1"),
  addresses: [address("192.0.2.1"), address("2001:db8::1")],
  advertisedPrefixes: [prefix("10.244.0.0/24")],
  clusterPrefix: prefix("fd00:0:0:2::/64"),
  widestPrefix: { ipv4: 8, ipv6: 16 },
  dial: noDialRules,
  networks: [],
  otherNetworks: [],
  localNetworks: [],
  lastWorking: new Map(),
};

const peer = (
  number: number,
  kubespan: Partial<KubespanAffiliate> = {},
  more: Partial<Affiliate> = {},
): Affiliate => affiliate(number, kubespan, more);

const onlyPeer = (one: Affiliate): ReturnType<typeof peerSpecs>["peers"][number] =>
  peerSpecs([one], own).peers[0] ?? expect.fail("it is no peer");

describe("allowed IPs", () => {
  it("are addresses, additional addresses and the ULA, without what the peer excludes", () => {
    const spec = onlyPeer(
      peer(
        2,
        { additionalAddresses: [prefix("10.244.2.0/24")], excludedNetworks: [prefix("10.244.2.128/25")] },
        { addresses: [address("192.0.2.2")] },
      ),
    );
    expect(spec.allowedIPs).toEqual(["10.244.2.0/25", "192.0.2.2/32", "fd00:0:0:2::2/128"]);
    expect(spec.refusedPrefixes).toEqual([
      { value: "10.244.2.128/25", reason: "excluded by the peer itself" },
    ]);
  });

  it.each([
    ["0.0.0.0/0", "0.0.0.0/0", "wider than /8, the limit set by widestPrefix"],
    ["::/0", "::/0", "wider than /16, the limit set by widestPrefix"],
    ["224.0.0.0/8", "224.0.0.0/8", "multicast, which is never routed"],
    ["127.0.0.0/8", "127.0.0.0/8", "a loopback address, which is never routed"],
    ["192.0.2.0/24", "192.0.2.1/32", "this node's own address"],
    ["10.244.0.0/16", "10.244.0.0/24", "a network of this node"],
    ["10.244.0.7/32", "10.244.0.7/32", "a network of this node"],
    ["fd00::/32", "fd00:0:0:2::/64", "the network of the KubeSpan addresses"],
  ])("a member that asks for %s does not get %s: %s", (asked, value, reason) => {
    const spec = onlyPeer(peer(2, { additionalAddresses: [prefix(asked)] }));
    expect(spec.refusedPrefixes).toEqual([{ value, reason }]);
    const refused = parsePrefix(value) ?? expect.fail();
    const others = spec.allowedIPs.filter((allowed) => allowed !== "fd00:0:0:2::2/128");
    expect(intersect(others, [refused])).toEqual([]);
  });
});

it("a peer gets nothing of what the operator keeps for other machines", () => {
  const nas = { addresses: ["192.168.1.10", "198.51.100.2"].map(address) };
  const { peers } = peerSpecs([peer(2, {}, nas)], { ...own, localNetworks: [prefix("192.168.1.0/24")] });
  expect(peers[0]?.allowedIPs).toEqual(["198.51.100.2/32", "fd00:0:0:2::2/128"]);
  expect(peers[0]?.refusedPrefixes).toEqual([
    { value: "192.168.1.10/32", reason: "in localNetworks of the configuration" },
  ]);
});

const warned = (...members: readonly Affiliate[]): readonly string[] =>
  peerSpecs(members, own).warnings.map(({ what }) => what);

describe("a network that two members ask for", () => {
  const talos = peer(9, {}, { operatingSystem: "Talos (v1.13.0)" });
  const wide = peer(2, { additionalAddresses: [prefix("10.9.0.0/16")] });
  const long = peer(3, { additionalAddresses: [prefix("10.9.1.0/24")] });
  const otherwise =
    "; the Talos nodes in this mesh send it to node-2, which has the lower id: let only one of them announce it";

  it("has another owner on Talos nodes where the lower id loses, which the warning says", () => {
    const plain = ["asks for 10.9.0.0/16; 10.9.1.0/24 inside it goes to node-3"];
    expect(warned(wide, long)).toEqual(plain);
    expect(warned(wide, long, talos)).toEqual([`${plain[0]}${otherwise}`]);
  });

  it("has the same owner on all nodes where the higher id loses", () => {
    const [low, high] = [
      peer(2, { additionalAddresses: [prefix("10.9.1.0/24")] }),
      peer(3, { additionalAddresses: [prefix("10.9.0.0/16")] }),
    ];
    expect(warned(low, high, talos)).toEqual(warned(low, high));
  });

  it("is decided as here by all nodes that run kubespan, whatever they run on", () => {
    const membership = { number: 1, startedAt: 1, machine: "", otherNetworks: [] };
    expect(warned(wide, long, { ...talos, membership })).toEqual(warned(wide, long));
    expect(warned(wide, long, peer(9, {}, { operatingSystem: "Talosian" }))).toEqual(warned(wide, long));
  });
});

describe("who is a peer", () => {
  it.each([
    {
      case: "own key",
      one: peer(2, { publicKey: own.publicKey }),
      reason: "its public key is already that of this node",
    },
    {
      case: "ULA of another cluster",
      one: peer(2, { address: address("fd00:0:0:2ff::2") }),
      reason: "its KubeSpan address fd00:0:0:2ff::2 is not in this cluster's network fd00:0:0:2::/64",
    },
  ])("not one with $case", ({ one, reason }) => {
    expect(peerSpecs([one], own)).toEqual({
      peers: [],
      networks: [],
      refused: [{ nodeId: one.nodeId, label: "node-2", reason }],
      warnings: [{ who: "node node-2", what: `is no peer: ${reason}` }],
    });
  });

  it("one with this node's KubeSpan address, without that address", () => {
    const { peers, refused } = peerSpecs(
      [peer(2, { address: own.address }, { addresses: [address("198.51.100.2")] })],
      own,
    );
    expect(refused).toEqual([]);
    expect(peers[0]?.allowedIPs).toEqual(["198.51.100.2/32"]);
    expect(peers[0]?.refusedPrefixes).toEqual([
      { value: "fd00:0:0:2::1/128", reason: "this node's own KubeSpan address" },
    ]);
  });

  it("of two with the same key the lower node id stays", () => {
    const specs = peerSpecs([peer(3, { publicKey: key(9) }), peer(2, { publicKey: key(9) })], own);
    expect(specs.peers.map((spec) => spec.nodeId)).toEqual([peer(2).nodeId]);
    expect(specs.refused.map((one) => one.reason)).toEqual(["its public key is already that of node-2"]);
  });

  it("not an affiliate outside KubeSpan", () => {
    const { kubespan: _, ...plain } = peer(2);
    expect(peerSpecs([plain], own)).toEqual({ peers: [], networks: [], refused: [], warnings: [] });
  });
});

describe("candidates", () => {
  it.each([
    ["192.0.2.1:51820", "this node's own address"],
    ["127.0.0.1:51820", "a loopback address"],
    ["[fe80::1]:51820", "link-local"],
    ["0.0.0.0:51820", "unspecified"],
    ["224.0.0.1:51820", "multicast"],
    ["[fd00:0:0:2::2]:51820", "an address inside a tunnel"],
    ["[fd12:3456:789a:ff03::2]:51820", "an address inside a tunnel"],
    ["10.244.0.9:51820", "inside 10.244.0.0/24, which this node routes through the mesh"],
    ["10.244.3.1:51820", "inside 10.244.3.0/24, which node-3 routes through the mesh"],
  ])("%s is never dialled: %s", (text, reason) => {
    const routing = peer(3, { additionalAddresses: [prefix("10.244.3.0/24")] });
    const { peers } = peerSpecs(
      [peer(2, { endpoints: [endpoint(text), endpoint("198.51.100.2:51820")] }), routing],
      own,
    );
    expect(peers[0]).toMatchObject({
      endpoints: ["198.51.100.2:51820"],
      refusedCandidates: [{ value: text, reason }],
    });
  });

  it("come last at an address that another member lists, too", () => {
    const anycast = { addresses: [address("198.51.100.99")] };
    const endpoints = [endpoint("198.51.100.99:51820"), endpoint("10.9.9.9:51820")];
    const { peers } = peerSpecs([peer(2, { endpoints }, anycast), peer(3, {}, anycast)], own);
    expect(peers[0]?.candidates.map(({ endpoint: at, kind }) => [at, kind])).toEqual([
      ["10.9.9.9:51820", "private"],
      ["198.51.100.99:51820", "listed-by-several"],
    ]);
  });

  it("may be a peer's own address, although that is reached through the mesh too", () => {
    const two = peer(
      2,
      { endpoints: [endpoint("198.51.100.2:51820")] },
      { addresses: [address("198.51.100.2")] },
    );
    const three = peer(3, {}, { addresses: [address("198.51.100.3")] }); // a neighbour: both hosts fill a /31
    expect(peerSpecs([two, three], own).peers[0]?.endpoints).toEqual(["198.51.100.2:51820"]);
  });
});

it("no two peers share an address, none gets an own one, and the order of affiliates does not matter", () => {
  const networks = fc.array(
    fc
      .tuple(fc.nat(255), fc.integer({ min: 16, max: 32 }))
      .map(([third, bits]) => prefix(`10.244.${third}.0/${bits}`)),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(fc.array(networks, { minLength: 1, maxLength: 6 }), (lists) => {
      const affiliates = lists.map((additionalAddresses, index) => peer(index + 2, { additionalAddresses }));
      const { peers } = peerSpecs(affiliates, own);
      const all = peers.flatMap((spec) => spec.allowedIPs);
      expect(unite(all).length).toBeLessThanOrEqual(all.length);
      peers.forEach((left, index) => {
        for (const right of peers.slice(index + 1))
          expect(intersect(left.allowedIPs, right.allowedIPs)).toEqual([]);
      });
      expect(intersect(all, own.advertisedPrefixes)).toEqual([]);
      expect(peerSpecs(affiliates.toReversed(), own)).toEqual(peerSpecs(affiliates, own));
    }),
  );
});

it("a peer that lists its KubeSpan address among the others, as Talos does, is refused nothing for it", () => {
  const one = affiliate(2);
  const addresses = [...one.addresses, one.kubespan?.address ?? expect.fail("no address")];
  const [spec] = peerSpecs([{ ...one, addresses }], own).peers;
  expect(spec?.refusedPrefixes).toEqual([]);
  expect(spec?.allowedIPs).toContain(`${one.kubespan?.address}/128`);
});
