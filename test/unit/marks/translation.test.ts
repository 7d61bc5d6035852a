import { expect, test } from "vitest";
import { IptablesScanner, interferences, NftScanner, withoutTranslations } from "../../../src/marks/index.ts";
import { ours } from "./ours.ts";

const isNamed = (found: readonly { readonly what: string }[]): boolean =>
  found.some(({ what }) => what.startsWith("translates the source of what goes into the mesh"));

test.each<[string, boolean]>([
  ["masquerade", true],
  ["counter packets 12 bytes 960 masquerade fully-random", true],
  ["snat to 192.0.2.1", true],
  ['oifname "kubespan" masquerade', true],
  ['masquerade comment "all of it"', true],
  ['oifname "eth0" masquerade', false],
  ['oifname != "docker0" ip saddr 172.17.0.0/16 counter packets 0 bytes 0 masquerade', false],
  ["meta mark & 0x00004000 == 0x00004000 masquerade", false],
  ["counter packets 0 bytes 0 jump sources", false],
])("nft, %s", (rule, expected) => {
  const found = (hook: string): boolean => {
    const scanner = new NftScanner(ours, ["inet talos_kubespan"]);
    const lines = [
      "table ip nat {",
      "\tchain c {",
      `\t\ttype ${hook}; policy accept;`,
      `\t\t${rule}`,
      "\t}",
      "}",
    ];
    for (const line of lines) scanner.line(line);
    return isNamed(scanner.warnings(true));
  };
  expect(found("nat hook postrouting priority srcnat")).toBe(expected);
  expect(found("nat hook output priority dstnat")).toBe(false);
});

test.each<[string, string, boolean]>([
  ["nat", "-A POSTROUTING -j MASQUERADE", true],
  ["nat", '-A POSTROUTING -m comment --comment "all of it" -j MASQUERADE --random-fully', true],
  ["nat", "-A POSTROUTING -o kubespan -j SNAT --to-source 192.0.2.1", true],
  ["nat", "-A POSTROUTING -o eth0 -j MASQUERADE", false],
  ["nat", "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE", false],
  ["nat", "-A KUBE-POSTROUTING -j MASQUERADE --random-fully", false],
  ["mangle", "-A POSTROUTING -j MASQUERADE", false],
])("iptables, table %s: %s", (table, rule, expected) => {
  const scanner = new IptablesScanner(ours, "iptables");
  for (const line of [`*${table}`, rule, "COMMIT"]) scanner.line(line);
  expect(isNamed(scanner.warnings())).toBe(expected);
});

test.each<[string, string, string, boolean]>([
  ["iptables-nft", "ip nat", "nat", false],
  ["iptables", "ip nat", "nat", false],
  ["iptables-legacy", "ip nat", "nat", true],
  ["ip6tables-nft", "ip nat", "nat", true],
  ["ip6tables-nft", "ip6 nat", "nat", false],
  ["iptables-nft", "inet nat", "nat", true],
])("what %s said of its own chain, nft's table %s says again: %s", (tool, nftTable, table, isSaid) => {
  const iptables = new IptablesScanner(ours, tool);
  for (const line of [`*${table}`, "-A POSTROUTING -j MASQUERADE", "COMMIT"]) iptables.line(line);
  const nft = new NftScanner(ours, []);
  const head = [
    `table ${nftTable} {`,
    "\tchain POSTROUTING {",
    "\t\ttype nat hook postrouting priority srcnat;",
  ];
  for (const line of [...head, "\t\tcounter packets 1 bytes 2 masquerade", "\t}", "}"]) nft.line(line);
  expect(iptables.warnings().map(({ about }) => about)).toEqual(["translation"]);
  const native = withoutTranslations(nft.findings(false), iptables.findings());
  expect(interferences(native)).toHaveLength(isSaid ? 1 : 0);
});

test("another trouble of the same chain is said all the same", () => {
  const iptables = new IptablesScanner(ours, "iptables-nft");
  for (const line of ["*mangle", "-A OUTPUT -j MARK --set-xmark 0x40/0x40"]) iptables.line(line);
  const nft = new NftScanner(ours, []);
  for (const line of ["table ip mangle {", "\tchain OUTPUT {"]) nft.line(line);
  for (const rule of ["meta mark set meta mark | 0x40", "meta mark set meta mark | 0x20"])
    nft.line(`\t\t${rule}`);
  const native = withoutTranslations(nft.findings(false), iptables.findings());
  expect(interferences(native).map(({ about, what }) => `${about}: ${what}`)).toEqual([
    "numbers: changes 0x20 of the packet mark, which is ours: meta mark set meta mark | 0x20",
  ]);
});
