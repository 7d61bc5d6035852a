import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NftScanner } from "../../../src/marks/index.ts";
import { nftMarkUses } from "../../../src/marks/nft-rules.ts";
import { ours } from "./ours.ts";

const warningsOf = (text: string): string[] => {
  const scanner = new NftScanner(ours, ["inet talos_kubespan"]);
  for (const line of text.split("\n")) scanner.line(line);
  return scanner.warnings(true).map(({ who, what }) => `${who}: ${what}`);
};

const chain = (rule: string, table = "inet other"): string =>
  `table ${table} {\n\tchain c {\n\t\ttype filter hook output priority 0; policy accept;\n\t\t${rule}\n\t}\n}`;

/** As their documentation and sources describe them, in the words of nft 1.0.6. */
const peaceful: readonly (readonly [string, string])[] = [
  ["kube-proxy", "meta mark set meta mark | 0x00004000"],
  ["kube-proxy", "meta mark & 0x00004000 == 0x00000000 return"],
  ["kube-proxy", "meta mark set meta mark ^ 0x00004000"],
  ["kube-proxy", 'meta mark & 0x00008000 == 0x00008000 drop comment "mark 0x40"'],
  ["Calico", "meta mark set mark and 0xfff4ffff"],
  ["Calico", "meta mark & 0x00010000 == 0x00010000 accept"],
  ["Calico", "meta mark & 0xffff0000 == 0x00000000 meta mark set mark or 0x10000 accept"],
  ["Cilium", "meta mark & 0x00000f00 == 0x00000200 accept"],
  ["Tailscale", "meta mark & 0x00ff0000 == 0x00040000 accept"],
  ["Tailscale", "meta mark set meta mark & 0xff00ffff | 0x00040000"],
  ["Tailscale", "ct state new ct mark set meta mark & 0x00ff0000"],
  ["AWS", "meta mark set meta mark & 0xffffff7f | 0x00000080"],
  ["a policy", "meta mark 0x00000001 accept"],
  ["a policy", "meta mark { 0x00000001, 0x00000002 } accept"],
  ["counters", "ct state new counter packets 64 bytes 96"],
  ["a log", 'log prefix "meta mark set 0x40"'],
];

const colliding: readonly (readonly [string, string])[] = [
  ["meta mark set 0x00000040", "sets 0x40 of the packet mark, which is ours"],
  ["meta mark set 0x00000001", "replaces the packet mark whole, our bits included"],
  ["meta mark set meta mark | 0x00000060 accept", "changes 0x60 of the packet mark, which is ours"],
  ["meta mark set meta mark & 0xffffffbf", "changes 0x40 of the packet mark, which is ours"],
  ["meta mark set (meta mark & 0xffffff00) | 0x00000001", "changes 0x60 of the packet mark, which is ours"],
  ["meta mark set mark xor 0x20", "changes 0x20 of the packet mark, which is ours"],
  ["meta mark & 0x000000ff == 0x00000001 drop", "reads 0x60 of the packet mark, which is ours"],
  ["meta mark 0x0000ca6c accept", "reads 0x60 of the packet mark, which is ours"],
  ["meta mark != { 0x00000001, 0x00000040 } accept", "reads 0x40 of the packet mark, which is ours"],
  ["meta mark set ct mark", "copies the whole packet mark from the connection mark, our bits included"],
  ["ct mark set meta mark", "copies the whole connection mark from the packet mark, our bits included"],
  [
    "fib saddr . iif oif missing counter packets 0 bytes 0 drop",
    "drops what comes out of the mesh, because it looks for the way back without the mesh's mark",
  ],
  ["ct mark set ct mark | 0x00000020", "changes 0x20 of the connection mark, which is ours"],
  ["meta mark set jhash ip saddr mod 2", "replaces the packet mark whole, our bits included"],
];

describe("a rule in nftables", () => {
  test.each(peaceful)("of %s is none of our business: %s", (_owner, rule) => {
    expect(warningsOf(chain(rule))).toEqual([]);
  });

  test.each(colliding)("%s", (rule, what) => {
    expect(warningsOf(chain(rule))).toEqual([`nft table inet other, chain c: ${what}: ${rule}`]);
    expect(warningsOf(chain(rule, "inet talos_kubespan"))).toEqual([]);
  });

  test("that does two things is told twice, and many of a kind once", () => {
    const rule = "meta mark set 0x00000040 ct mark set meta mark & 0x00000020 accept";
    expect(warningsOf(chain(`${rule}\n\t\t${rule}`))).toEqual([
      `nft table inet other, chain c: sets 0x40 of the packet mark, which is ours: ${rule} (and 1 more)`,
      `nft table inet other, chain c: sets 0x20 of the connection mark, which is ours: ${rule} (and 1 more)`,
    ]);
  });

  test("of iptables is left to iptables' own tools where they are", () => {
    const scanner = new NftScanner(ours, []);
    const text = `# Warning: table ip mangle is managed by iptables-nft, do not touch!\n${chain("meta mark set 0x40", "ip mangle")}`;
    for (const line of text.split("\n")) scanner.line(line);
    expect(scanner.warnings(false)).toEqual([]);
    expect(scanner.warnings(true)).toHaveLength(1);
  });

  test("of any text is read without harm, and the number of warnings is bounded", () => {
    const word = fc.constantFrom(
      "meta",
      "ct",
      "mark",
      "set",
      "&",
      "|",
      "0x40",
      "{",
      "}",
      ",",
      "==",
      '"',
      "(",
      "999999999999",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 30 }), (words) => {
        for (const { bits } of nftMarkUses(words.join(" "))) expect(bits >>> 0).toBe(bits);
      }),
      { numRuns: 1000 },
    );
    const tables = Array.from({ length: 100 }, (_, at) => chain("meta mark set 0x40", `inet t${at}`));
    expect(warningsOf(tables.join("\n"))).toHaveLength(20);
  });
});
