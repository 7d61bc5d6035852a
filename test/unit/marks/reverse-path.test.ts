import { describe, expect, test } from "vitest";
import { NftScanner } from "../../../src/marks/index.ts";
import { ours } from "./ours.ts";

const drops = (hook: string, ...rules: readonly string[]): boolean => {
  const scanner = new NftScanner(ours, []);
  const lines = ["table inet firewalld {", "\tchain filter_PREROUTING {", `\t\t${hook}`];
  for (const line of [...lines, ...rules.map((rule) => `\t\t${rule}`), "\t}", "}"]) scanner.line(line);
  return scanner.warnings(false).some(({ about }) => about === "reversePath");
};

const early = "type filter hook prerouting priority filter + 10; policy accept;";
const strict = "fib saddr . mark . iif oif missing drop";

describe("a filter of the reverse path", () => {
  test.each<[string, string, string[]]>([
    ["firewalld's", early, [`meta nfproto ipv6 ${strict}`]],
    ["firewalld's, loose", early, ["meta nfproto ipv6 fib saddr . mark oif missing drop"]],
    [
      "NixOS'",
      "type filter hook prerouting priority mangle + 10; policy drop;",
      ["fib saddr . mark . iif oif exists accept"],
    ],
    ["one at the first place", "type filter hook prerouting priority raw; policy accept;", [strict]],
    ["one for another link", early, ['iifname "eth0" fib saddr . iif oif missing drop']],
    ["one for all links but the mesh's", early, ['iifname != "kubespan" fib saddr . iif oif missing drop']],
    [
      "one behind a rule for the mesh",
      early,
      ['iifname { "lo", "kubespan" } accept', "fib saddr . iif oif missing drop"],
    ],
    ["one that only counts", early, ["fib saddr . iif oif missing counter packets 0 bytes 0"]],
    ["one that lets in", early, ["fib saddr . iif oif exists accept"]],
    ["one of addresses", early, ["fib daddr . iif type != { local, broadcast } drop"]],
  ])("lets the mesh pass: %s", (_name, hook, rules) => {
    expect(drops(hook, ...rules)).toBe(false);
  });

  test.each<[string, string, string[]]>([
    ["without the mark", early, ["fib saddr . iif oif missing drop"]],
    ["without the mark, of an older nft", early, ["fib saddr . iif oif 0 drop"]],
    ["after the mark is gone", "type filter hook prerouting priority 20; policy accept;", [strict]],
    ["of what is forwarded", "type filter hook forward priority filter; policy accept;", [strict]],
    ["before all", "type filter hook prerouting priority -400; policy accept;", [strict]],
    ["that drops the rest", early.replace("accept", "drop"), ["fib saddr . iif oif exists accept"]],
    ["for the mesh's link", early, ['iifname { "eth0", "kubespan" } fib saddr . iif oif missing drop']],
    ["in a chain to which others lead", "", ["fib saddr . iif oif missing drop"]],
  ])("drops what comes out of the mesh: %s", (_name, hook, rules) => {
    expect(drops(hook, ...rules)).toBe(true);
  });
});
