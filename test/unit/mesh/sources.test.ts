import { describe, expect, test } from "vitest";
import { acceptedFamilies, ipv4SourceOf, sourceWarnings } from "../../../src/mesh/sources.ts";
import type { Link } from "../../../src/routing/index.ts";
import { address, config, prefix } from "./values.ts";

const link = (index: number, name: string, ...addresses: string[]): Link => ({
  index,
  name,
  kind: undefined,
  up: true,
  mtu: 1500,
  hardwareAddress: undefined,
  isPort: false,
  addresses: addresses.map((each) => ({
    address: address(each),
    bits: 24,
    scope: "global",
    deprecated: false,
    tentative: false,
  })),
});
const ula = prefix("fd00:0:0:2::1/128");
const both = {
  links: [
    link(1, "lo", "127.0.0.1"),
    link(2, "eth0", "10.0.0.1", "10.0.0.2"),
    link(3, "kubespan", "10.0.0.1"),
  ],
  addresses: { usable: ["10.0.0.1", "10.0.0.2"].map(address), leftOut: [] },
};
const behindClat = {
  links: [link(2, "eth0", "2001:db8::1"), link(3, "clat", "192.0.0.1")],
  addresses: { usable: [address("2001:db8::1")], leftOut: [] },
};
const noNetworks = { pods: [], tolerated: [], ownPods: [] };

describe("the node's IPv4 address for packets into the mesh", () => {
  test("is its first one", () => {
    expect(ipv4SourceOf(config(), both.links, both.addresses.usable)).toBe("10.0.0.1");
  });

  test("is one that peers accept: not one that this node excludes", () => {
    const excluding = config({ excludeAdvertisedNetworks: [prefix("10.0.0.1/32")] });
    expect(ipv4SourceOf(excluding, both.links, both.addresses.usable)).toBe("10.0.0.2");
  });
});

describe("the families in which peers accept an address of the link", () => {
  test("are not known as long as nothing is announced", () => {
    expect(acceptedFamilies(config(), both, [])).toBeUndefined();
  });

  test("are both where the node announces the address that the link carries", () => {
    expect(acceptedFamilies(config(), both, ["10.0.0.1/32", "10.0.0.2/32"].map(prefix))).toEqual([4, 6]);
    expect(acceptedFamilies(config(), both, [prefix("10.0.0.9/32")])).toEqual([6]);
  });

  test("are IPv6 alone where it has no such IPv4 address, whatever networks it advertises", () => {
    expect(acceptedFamilies(config(), behindClat, [ula, prefix("10.244.1.0/24")])).toEqual([6]);
  });
});

describe("a node whose IPv4 addresses no peer accepts", () => {
  const targets = ["203.0.113.2/32", "2001:db8::2/128"].map(prefix);

  test("is told so, with the number of networks that it does not reach", () => {
    const [warning, ...more] = sourceWarnings(config(), behindClat, { ...noNetworks, own: [ula], targets });
    expect(more).toEqual([]);
    expect(warning?.what).toMatch(/192\.0\.0\.1 is not announced.* 1 IPv4 networks/);
  });

  test.each([
    ["peers have no IPv4 address", { ...noNetworks, own: [ula], targets: targets.slice(1) }],
    ["what it has is announced", { ...noNetworks, own: [ula, prefix("192.0.0.0/24")], targets }],
    ["nothing is announced yet", { ...noNetworks, own: [], targets }],
  ])("is not where %s", (_why, networks) => {
    expect(sourceWarnings(config(), behindClat, networks)).toEqual([]);
  });
});
