import { describe, expect, test } from "vitest";
import { type Link, meshMTU, primaryAddress, tooLargePodLinks } from "../../../src/routing/index.ts";
import { address } from "../mesh/values.ts";

const link = (
  index: number,
  name: string,
  mtu: number,
  addresses: readonly string[] = [],
  kind?: string,
): Link => ({
  index,
  name,
  kind,
  up: true,
  mtu,
  hardwareAddress: undefined,
  isPort: false,
  addresses: addresses.map((text) => ({
    address: address(text),
    bits: 24,
    scope: "global",
    deprecated: false,
    tentative: false,
  })),
});

const own = ["192.0.2.9", "192.0.2.2", "10.0.0.1", "2001:db8::1"].map(address);

describe("the MTU of the mesh", () => {
  test.each<[string, number | "auto", Link[], number]>([
    ["over Ethernet", "auto", [link(2, "eth0", 1500, ["192.0.2.9"])], 1420],
    ["over jumbo frames", "auto", [link(2, "eth0", 9000, ["192.0.2.9"])], 8920],
    ["over Google's network", "auto", [link(2, "eth0", 1460, ["192.0.2.9"])], 1380],
    [
      "over the smaller of two links",
      "auto",
      [link(2, "eth0", 9000, ["192.0.2.9"]), link(3, "eth1", 1500, ["10.0.0.1"])],
      1420,
    ],
    [
      "whatever links without own addresses have",
      "auto",
      [link(2, "eth0", 1500, ["192.0.2.9"]), link(3, "cni0", 1400, ["10.244.0.1"])],
      1420,
    ],
    ["is never less than IPv6 needs", "auto", [link(2, "ppp0", 1300, ["192.0.2.9"])], 1280],
    ["is never more than a packet holds", "auto", [link(2, "ib0", 65_536, ["192.0.2.9"])], 65_455],
    ["where no link tells", "auto", [], 1420],
    [
      "over the links that lead out, where only lo has an own address",
      "auto",
      [
        link(1, "lo", 65_536, ["192.0.2.9"]),
        link(2, "eth0", 9000),
        link(3, "eth1", 9000),
        link(4, "cni0", 1450),
      ],
      8920,
    ],
    ["as configured", 1300, [link(2, "eth0", 1500, ["192.0.2.9"])], 1300],
  ])("%s", (_name, configured, links, expected) => {
    expect(meshMTU(configured, links, own)).toBe(expected);
  });
});

test("the primary address is the kernel's first of the first link that has any", () => {
  const links = [
    link(5, "eth1", 1500, ["10.0.0.1"]),
    link(3, "eth0", 1500, ["198.51.100.7", "192.0.2.9", "192.0.2.2"]),
    link(2, "docker0", 1500, ["172.17.0.1"]),
  ];
  expect(primaryAddress(4, links, own)).toBe("192.0.2.9");
  expect(primaryAddress(6, links, own)).toBeUndefined();
  expect(primaryAddress(6, [link(2, "eth0", 1500, ["2001:db8::1"])], own)).toBe("2001:db8::1");
});

test("a deprecated address, or one of lo, is the primary one only where there is no other", () => {
  const lo = link(1, "lo", 65_536, ["192.0.2.9"]);
  const eth0 = link(2, "eth0", 1500, ["192.0.2.2"]);
  const old = { ...eth0, addresses: eth0.addresses.map((each) => ({ ...each, deprecated: true })) };
  expect(primaryAddress(4, [lo, eth0], own)).toBe("192.0.2.2");
  expect(primaryAddress(4, [lo, old], own)).toBe("192.0.2.9");
  expect(primaryAddress(4, [old], own)).toBe("192.0.2.2");
});

test("pod links that take more than fits are named once for each MTU", () => {
  const links = [
    link(2, "eth0", 9000),
    link(3, "docker0", 1500),
    link(4, "cni0", 1500),
    link(5, "cali123", 1500),
    link(6, "flannel.1", 1400, [], "vxlan"),
    link(7, "vxlan.calico", 1370, [], "vxlan"),
    { ...link(8, "cilium_host", 1500), up: false },
  ];
  expect(tooLargePodLinks(links, 1420)).toEqual([
    { link: "cni0", mtu: 1500, fits: 1420, more: 1 },
    { link: "flannel.1", mtu: 1400, fits: 1370, more: 0 },
  ]);
  expect(tooLargePodLinks(links, 8920)).toEqual([]);
});
