import { describe, expect, test } from "vitest";
import type { Address } from "../../../src/net/index.ts";
import { type Link, linksBelow, meshMTU, otherMeshLinks, ownAddresses } from "../../../src/routing/index.ts";

const link = (name: string, kind: string | undefined, ...addresses: string[]): Link => ({
  index: 1,
  name,
  kind,
  up: true,
  mtu: kind === undefined ? 1500 : 1420,
  hardwareAddress: undefined,
  isPort: false,
  addresses: addresses.map((text) => {
    const [address, bits] = text.split("/");
    return {
      address: address as Address,
      bits: Number(bits),
      scope: "global",
      deprecated: false,
      tentative: false,
    };
  }),
});
const uplink = link("eth0", undefined, "203.0.113.1/24");
const own = link("kubespan", "wireguard", "203.0.113.1/32", "fd00:1:2:3402::1/64");
const ula = "fd00:1:2:3502::1/64";

describe("the link of another mesh", () => {
  test.each([
    ["with a KubeSpan address", link("mesh2", "wireguard", ula), true],
    ["of wireguard-go", link("mesh2", "tun", ula), true],
    ["with the node's IPv4 address, where IPv6 is off", link("mesh2", "wireguard", "203.0.113.1/32"), true],
    ["is no other tunnel", link("wg0", "wireguard", "10.8.0.2/32"), false],
    ["is no other link", link("dummy0", undefined, ula), false],
  ])("%s", (_name, other, isFound) => {
    const links = [uplink, own, other];
    expect(otherMeshLinks(links, "kubespan")).toEqual(isFound ? [other] : []);
    expect(linksBelow(links, "kubespan")).toEqual(isFound ? [uplink] : [uplink, other]);
  });

  test("lowers no MTU, and keeps no address alive that the node has lost", () => {
    const other = link("mesh2", "wireguard", "203.0.113.1/32", ula);
    const links = [uplink, own, other];
    const { usable } = ownAddresses(links, { interfaceName: "kubespan", advertisedPrefixes: [] });
    expect(usable).toEqual(["203.0.113.1"]);
    expect(meshMTU("auto", linksBelow(links, "kubespan"), usable)).toBe(1420);
    const lost = ownAddresses([own, other], { interfaceName: "kubespan", advertisedPrefixes: [] });
    expect(lost.usable).toEqual([]);
    expect(lost.leftOut).toContainEqual({
      value: "203.0.113.1",
      reason: "it is on the link of another mesh (on mesh2)",
      isUsual: true,
    });
  });
});
