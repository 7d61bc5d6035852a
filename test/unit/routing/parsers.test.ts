import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import {
  linksOfDefaults,
  observedSysctls,
  onlyLeadsHere,
  parseLinks,
  parseRoutes,
  parseRules,
  parseSavedSysctls,
  savedSysctlsText,
  secondPriority,
} from "../../../src/routing/index.ts";

const scope = {
  interfaceName: "kubespan",
  table: 180,
  priority: 32500,
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
};

/* All output below was recorded from iproute2 6.1.0 unless it says otherwise. */
const rules = `[{"priority":0,"src":"all","table":"255"},{"priority":97,"src":"all","dst":"1.2.3.0","dstlen":24,"ipproto":"ipproto-6","dport":22,"table":"254","suppress_prefixlen":0},{"priority":98,"src":"all","goto":100},{"priority":99,"not":null,"src":"10.0.0.0","srclen":8,"iif":"lo","table":"5000"},{"priority":100,"src":"all","fwmark":"0x1","action":"6"},{"priority":32500,"src":"all","fwmark":"0x40","fwmask":"0x60","table":"180"},{"priority":32766,"src":"all","table":"254"}]`;
const routes = `[{"type":"blackhole","dst":"default","flags":[]},{"dst":"10.9.0.0/16","gateway":"10.0.0.9","dev":"kp","flags":["linkdown"]},{"dst":"default","dev":"kubespan","metric":1024,"flags":[],"metrics":[{"mtu":1420}],"pref":"medium"}]`;
const links = `[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"link_type":"loopback","address":"00:00:00:00:00:00","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host","label":"lo","valid_life_time":4294967295}]},{"ifindex":3,"link":"kp","ifname":"kubespan","flags":["POINTOPOINT","NOARP","UP","LOWER_UP"],"mtu":1420,"link_type":"none","linkinfo":{"info_kind":"tun","info_data":{"type":"tun"}},"addr_info":[{"family":"inet6","local":"fd7f:175a:b97c:5602:2c1a:b6ff:fe53:8169","prefixlen":64,"scope":"global","nodad":true},{"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link","tentative":true}]},{"ifindex":4,"ifname":"eth0","flags":["BROADCAST"],"mtu":1500,"link_type":"ether","address":"32:06:be:1c:a9:09","addr_info":[]}]`;
const sysctls = `kernel/random/boot_id 1a6ac1c5-0f61-4a6f-9e04-e9190e98dc5e
net/ipv4/ip_forward 0
net/ipv6/conf/eth0.100/accept_ra 1`;
/** A line for each setting: its key, and what stands in its file. */
const readSysctls = (text: string) =>
  observedSysctls(
    new Map(text.split("\n").map((line) => [line.split(" ")[0] ?? "", line.replace(/^\S* /, "")])),
  );

test.each([
  ["not the id of a boot", sysctls.replace("1a6ac1c5", "?"), /boot_id/],
  ["no id of a boot", "net/ipv4/ip_forward 0", /boot_id: it is missing/],
  ["a setting that is no number", sysctls.replace("ip_forward 0", "ip_forward on"), /ip_forward: "on"/],
])("what no kernel says is refused: %s", (_name, text, message) => {
  expect(() => readSysctls(text)).toThrow(message);
});

test("types of routes mean the same as numbers", () => {
  const numbered =
    '[{"type":"7","dst":"default","metric":9,"flags":[]},{"type":"1","dst":"default","dev":"eth0"}]';
  expect(parseRoutes(numbered).map(({ type }) => type)).toEqual(["unreachable", "unicast"]);
});

test("default routes name their links, also those with several next hops", () => {
  const shown = `[{"dst":"default","gateway":"203.0.113.9","dev":"eth0","flags":[]},{"dst":"default","metric":7,"flags":[],"nexthops":[{"gateway":"10.0.0.1","dev":"eth1","weight":1,"flags":[]},{"dev":"tun0","weight":1,"flags":[]}]}]`;
  expect(linksOfDefaults(shown)).toEqual(["eth0", "eth1", "tun0"]);
  expect(linksOfDefaults("")).toEqual([]);
});

test("a port of a bridge names the bridge", () => {
  const shown = `[{"ifindex":2,"ifname":"eth0","flags":["UP"],"mtu":1500,"master":"br0","link_type":"ether","linkinfo":{"info_slave_kind":"bridge"},"addr_info":[]}]`;
  expect(parseLinks(shown)).toMatchObject([{ name: "eth0", master: "br0", isPort: true }]);
});

describe("ip rule", () => {
  test("tells ours from others at our priority", () => {
    expect(parseRules(rules, scope).rules).toEqual([{ ours: true, text: expect.stringContaining("0x40") }]);
  });

  test.each<[string, object, boolean]>([
    ["with the table as a number", { table: 180 }, true],
    ["with the mark as a number", { fwmark: 64, fwmask: 96 }, true],
    ["with a protocol", { protocol: "boot" }, true],
    ["for another table", { table: "181" }, false],
    ["without a mask", { fwmask: undefined }, false],
    ["for another mark", { fwmark: "0x20" }, false],
    ["from a network", { src: "10.0.0.0", srclen: 8 }, false],
    ["for what is not marked", { not: null }, false],
    ["from a link", { iif: "lo" }, false],
    ["for TCP", { ipproto: "tcp" }, false],
    ["with an action", { action: "blackhole", table: undefined }, false],
  ])("%s", (_name, change, ours) => {
    const rule = { priority: 32500, src: "all", fwmark: "0x40", fwmask: "0x60", table: "180", ...change };
    expect(parseRules(JSON.stringify([rule]), scope).rules.map((each) => each.ours)).toEqual([ours]);
  });
});

describe("rules of others before ours", () => {
  test("as recorded: the first two lead elsewhere, a jump too, and what refuses is left alone", () => {
    expect(parseRules(rules, scope).ahead.map(({ priority, table }) => [priority, table])).toEqual([
      [97, 254],
      [98, undefined],
      [99, 5000],
    ]);
    expect(secondPriority(parseRules(rules, scope))).toBe(96);
  });

  test.each<[string, object, boolean]>([
    ["Tailscale's", { table: "52" }, true],
    ["from a source", { src: "203.0.113.1", table: "254" }, true],
    ["for other marks", { fwmark: "0x80000", fwmask: "0xff0000", table: "254" }, true],
    ["for packets without a mark of Tailscale's", { fwmark: "0", fwmask: "0x80000", table: "254" }, true],
    ["for what lacks a mark", { not: null, fwmark: "0xca6c", table: "51820" }, true],
    ["for WireGuard's own packets", { fwmark: "0x20", fwmask: "0x60", table: "254" }, false],
    ["for one whole mark that is not ours", { fwmark: "0x1", table: "99" }, false],
    ["for a mark with our bit, as a whole", { fwmark: "0x140", table: "99" }, true],
    ["of a VRF", { l3mdev: null }, true],
    ["the kernel's own", { table: "255" }, false],
    ["one that refuses", { action: "7" }, false],
    ["behind ours", { priority: 32501, table: "99" }, false],
    ["ours", { fwmark: "0x40", fwmask: "0x60", table: "180" }, false],
  ])("%s", (_name, change, isAhead) => {
    const { ahead } = parseRules(JSON.stringify([{ priority: 5270, src: "all", ...change }]), scope);
    expect(ahead).toHaveLength(isAhead ? 1 : 0);
  });

  test("ours elsewhere are copies", () => {
    const own = { src: "all", fwmark: "0x40", fwmask: "0x60", table: "180" };
    const list = [5269, 32500, 32501].map((priority) => ({ priority, ...own, protocol: "180" }));
    const foreign = [{ priority: 5268, ...own }];
    expect(parseRules(JSON.stringify([...foreign, ...list]), scope).copies).toEqual([5269, 32501]);
  });

  test("the copy of another mesh's rule is nothing to come before", () => {
    const copy = { priority: 32399, src: "all", fwmark: "0x200000", fwmask: "0x300000", table: "181" };
    expect(parseRules(JSON.stringify([copy]), scope).ahead).toHaveLength(1);
    expect(parseRules(JSON.stringify([{ ...copy, protocol: "180" }]), scope).ahead).toEqual([]);
  });

  test("there is no place before priority 0", () => {
    const list = [{ priority: 0, src: "all", table: "99" }];
    expect(secondPriority(parseRules(JSON.stringify(list), scope))).toBeUndefined();
  });

  test.each([
    ['[{"type":"local","dst":"default","dev":"lo"}]', true],
    ['[{"type":"local","dst":"default","dev":"lo"},{"dst":"10.0.0.0/8","dev":"eth0"}]', false],
    ["", true],
    [
      '[{"dst":"default","dev":"mesh2"},{"type":"unreachable","dst":"default","dev":"lo","metric":4278190080}]',
      true,
    ],
  ])("a table that leads nowhere else: %s", (text, expected) => {
    expect(onlyLeadsHere(text)).toBe(expected);
  });
});

test("ip route gives the default routes", () => {
  expect(parseRoutes(routes)).toMatchObject([
    { interfaceName: undefined, mtu: undefined, metric: 0, plain: false },
    { interfaceName: "kubespan", mtu: 1420, metric: 1024, plain: true },
  ]);
});

test("ip address gives links and what they carry", () => {
  expect(parseLinks(links)).toEqual([
    expect.objectContaining({ name: "lo", kind: undefined, hardwareAddress: undefined }),
    {
      index: 3,
      name: "kubespan",
      kind: "tun",
      up: true,
      mtu: 1420,
      hardwareAddress: undefined,
      isPort: false,
      addresses: [
        expect.objectContaining({
          address: "fd7f:175a:b97c:5602:2c1a:b6ff:fe53:8169",
          bits: 64,
          tentative: false,
        }),
        expect.objectContaining({ address: "fe80::1", scope: "link", tentative: true }),
      ],
    },
    expect.objectContaining({ name: "eth0", up: false, hardwareAddress: "32:06:be:1c:a9:09", addresses: [] }),
  ]);
});

test("a list that other versions fill with empty objects", () => {
  const padded =
    '[{},{"ifname":"eth0","addr_info":[{},{"family":"inet","local":"192.0.2.1","prefixlen":24}]},{}]';
  expect(parseLinks(padded)).toMatchObject([
    { name: "eth0", addresses: [{ address: "192.0.2.1", scope: "global" }] },
  ]);
});

test("settings are kept under keys with slashes, the boot's id apart", () => {
  const { bootID, values } = readSysctls(sysctls);
  expect(bootID).toBe("1a6ac1c5-0f61-4a6f-9e04-e9190e98dc5e");
  expect([...values]).toEqual([
    ["net/ipv4/ip_forward", "0"],
    ["net/ipv6/conf/eth0.100/accept_ra", "1"],
  ]);
});

const saved = {
  bootID: "1a6ac1c5-0f61-4a6f-9e04-e9190e98dc5e",
  sysctls: [
    { key: "net/ipv6/conf/eth0.100/accept_ra", original: "1", set: "2" },
    { key: "net/ipv4/ip_forward", original: "0", set: "1" },
  ],
};

describe("sysctls.json", () => {
  test("comes back as it was written", () => {
    expect(parseSavedSysctls(savedSysctlsText(saved), "f")).toEqual(saved);
  });

  const withEntry = (entry: object): string =>
    JSON.stringify({ version: 1, ...saved, sysctls: [{ ...saved.sysctls[1], ...entry }] });
  test.each<[string, string]>([
    ["nothing", ""],
    ["half of it", savedSysctlsText(saved).slice(0, 100)],
    ["another version", JSON.stringify({ version: 2, ...saved })],
    ["more than we write", JSON.stringify({ version: 1, ...saved, more: 1 })],
    ["another setting", withEntry({ key: "kernel/core_pattern" })],
    ["a way out of the folder", withEntry({ key: "net/ipv6/conf/../forwarding" })],
    ["an odd value", withEntry({ original: "|/bin/sh" })],
    ["a number for a value", withEntry({ set: 1 })],
    ["a key twice", JSON.stringify({ version: 1, ...saved, sysctls: [saved.sysctls[0], saved.sysctls[0]] })],
  ])("is refused with %s", (_name, text) => {
    expect(() => parseSavedSysctls(text, "/var/lib/kubespan/sysctls.json")).toThrow(
      expect.objectContaining({
        code: "state",
        message: expect.stringContaining("/var/lib/kubespan/sysctls.json is damaged"),
      }),
    );
  });
});

describe("whatever a tool or a file says is read or refused", () => {
  const parsers: [string, string, string, (text: string) => unknown][] = [
    ["rules", rules, "command", (text) => parseRules(text, scope)],
    ["routes", routes, "command", parseRoutes],
    ["links", links, "command", parseLinks],
    ["sysctls", sysctls, "command", readSysctls],
    ["sysctls.json", savedSysctlsText(saved), "state", (text) => parseSavedSysctls(text, "f")],
  ];
  const values = ["null", "1", "-1", "1e999", '""', "[]", "{}", "true", '"__proto__"', '"x"'];

  test.each(parsers)("%s", (_name, sample, code, parse) => {
    const replaced = fc
      .tuple(fc.nat(sample.length), fc.nat(30), fc.oneof(fc.constantFrom(...values), fc.string()))
      .map(([at, length, text]) => sample.slice(0, at) + text + sample.slice(at + length));
    const scalars = [...sample.matchAll(/"[^"]*"|\d+/g)];
    const otherTypes = fc
      .tuple(fc.constantFrom(...scalars), fc.constantFrom(...values))
      .map(
        ([match, value]) =>
          sample.slice(0, match.index) + value + sample.slice(match.index + match[0].length),
      );
    const anything = fc.oneof(fc.string({ unit: "binary" }), fc.json(), replaced, otherTypes);
    fc.assert(
      fc.property(anything, (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(KubespanError);
          expect(error).toMatchObject({ code, hint: expect.any(String) });
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("a list without an end is not kept", () => {
    expect(() => parseRoutes(`[${'{"dst":"default"},'.repeat(100_001)}{"dst":"default"}]`)).toThrow(
      /ip route/,
    );
  });
});
