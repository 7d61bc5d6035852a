import { expect, test } from "vitest";
import {
  aheadWarnings,
  linkWarnings,
  routeWarnings,
  ruleWarnings,
  wireguardWarnings,
} from "../../../src/marks/index.ts";
import type { ObservedRouting } from "../../../src/routing/index.ts";
import { ours } from "./ours.ts";

const rule = (more: object): object => ({ priority: 100, src: "all", table: "99", ...more });

test.each<[string, object, string[]]>([
  ["ours", rule({ priority: 32500, fwmark: "0x40", fwmask: "0x60", table: "180" }), []],
  ["ours, before others", rule({ priority: 5269, fwmark: "0x40", fwmask: "0x60", table: "180" }), []],
  ["Cilium's", rule({ fwmark: "0x200", fwmask: "0xf00", table: "2004" }), []],
  ["Tailscale's", rule({ fwmark: "0x80000", fwmask: "0xff0000", table: "254" }), []],
  ["AWS's", rule({ fwmark: "0x80", fwmask: "0x80", table: "254" }), []],
  ["one for another whole mark", rule({ fwmark: "0x1" }), []],
  ["one without a mark", rule({}), []],
  [
    "wg-quick's",
    rule({ not: null, fwmark: "0xca6c", table: "51820" }),
    ["IPv4 routing rule 100: looks at 0x60 of the packet mark, which is ours"],
  ],
  [
    "one with a wide mask",
    rule({ fwmark: "0x1", fwmask: "0xff" }),
    ["IPv4 routing rule 100: looks at 0x60 of the packet mark, which is ours"],
  ],
  ["one to our table", rule({ table: "180" }), ["IPv4 routing rule 100: leads to table 180, which is ours"]],
  [
    "one at our priority",
    rule({ priority: 32500, table: "99" }),
    ["IPv4 routing rule 32500: stands at our priority"],
  ],
])("a routing rule, %s", (_name, item, expected) => {
  const found = ruleWarnings(JSON.stringify([item]), 4, ours);
  expect(found.map(({ who, what }) => `${who}: ${what}`)).toEqual(expected);
});

test("rules of others before ours are named, each of them", () => {
  const ahead = [5210, 5270].map((priority) => ({
    priority,
    table: 52,
    isMarked: false,
    text: `rule ${priority}`,
  }));
  const nothing = { rules: [], copies: [], ahead: [], routes: [], hasBarrier: false, mainRoutes: [] };
  const observed = (ipv4: typeof ahead): ObservedRouting => ({
    scope: ours,
    ipv6: true,
    ipv4Routing: { ...nothing, ahead: ipv4 },
    ipv6Routing: nothing,
    linkAddresses: [],
    answered: [],
  });
  expect(aheadWarnings(observed(ahead)).map(({ who, what }) => `${who} ${what}`)).toEqual(
    [5210, 5270].map(
      (priority) =>
        `IPv4 routing rule ${priority} comes before the mesh's and may lead its traffic elsewhere; the daemon puts the mesh's rule before it, at priority 5209: rule ${priority}`,
    ),
  );
  const atZero = observed([{ priority: 0, table: 52, isMarked: false, text: "" }]);
  expect(aheadWarnings(atZero)[0]?.what).toContain("nothing can stand before priority 0");
});

test("routes of others in our table", () => {
  const own = [
    { dst: "default", dev: "kubespan" },
    { type: "unreachable", dst: "default", dev: "lo" },
  ];
  expect(routeWarnings(JSON.stringify(own), 6, ours)).toEqual([]);
  const others = [...own, { dst: "10.0.0.0/8", dev: "eth0" }, { dst: "10.9.0.0/16", dev: "eth1" }];
  expect(routeWarnings(JSON.stringify(others), 4, ours)).toEqual([
    {
      who: "IPv4 routes in table 180",
      what: "take traffic of the mesh elsewhere: 10.0.0.0/8 dev eth0 and 1 more",
    },
  ]);
});

test("tunnels that mark their own packets", () => {
  const expected = "sets 0x60 of the packet mark, which is ours, on its own packets";
  expect(wireguardWarnings("kubespan\t0x20\nwg0\t0xca6c\nwg1\toff\ntailscale\t0x80000\n", ours)).toEqual([
    { who: "WireGuard link wg0", what: expected },
  ]);
  const links = [
    { ifname: "eth0" },
    { ifname: "gre1", linkinfo: { info_kind: "gre", info_data: { fwmark: "0xca6c" } } },
    { ifname: "tunl0", linkinfo: { info_kind: "ipip", info_data: { ttl: 0 } } },
  ];
  expect(linkWarnings(JSON.stringify(links), ours)).toEqual([{ who: "link gre1", what: expected }]);
});
