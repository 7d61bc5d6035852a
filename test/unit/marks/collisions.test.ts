import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import {
  bitsOf,
  findingsIn,
  freeBits,
  holdsRules,
  knownCollisions,
  routingCollisions,
  ruleCollisions,
} from "../../../src/marks/index.ts";
import { temporaryFolder } from "../temporary-folder.ts";

describe("the bits of a mark", () => {
  test.each([
    ["0x40/0x60", 0x60],
    ["0x40", 0x40],
    ["64/96", 0x60],
    ["0/0xff", 0xff],
    ["0xffffffff", 0xffffffff],
  ])("%s uses %i", (text, bits) => {
    expect(bitsOf(text)).toBe(bits);
  });

  test.each([
    ["", /no number/],
    ["calico", /no number/],
    ["0x1ffffffff", /no number/],
    ["0x40/", /no number/],
    ["0x40/0x60/0x1", /no number/],
    ["-1", /no number/],
    ["0xe0/0x60", /not in the mask: 0x80/],
    ["0", /no bits/],
    ["0/0", /no bits/],
  ])("%j is refused", (text, reason) => {
    expect(() => bitsOf(text)).toThrow(expect.objectContaining({ code: "usage" }) as Error);
    expect(() => bitsOf(text)).toThrow(reason);
  });
});

const who = (bits: number) => knownCollisions(bits).map((each) => [each.who, each.bits]);

test("programs whose bits are known, and the bits that none of them uses", () => {
  expect(who(0x60)).toEqual([["kubespan, KubeSpan of Talos", 0x60]]);
  expect(who(0x80040)).toEqual([
    ["kubespan, KubeSpan of Talos", 0x40],
    ["Calico", 0x80000],
    ["Tailscale", 0x80000],
  ]);
  expect(who(freeBits())).toEqual([]);
  expect(freeBits()).toBe(0x301f);
});

const iptables = `*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -m mark --mark 0x1000/0x1000 -j ACCEPT
-A OUTPUT -j MARK --set-xmark 0x2000/0xffffffff
COMMIT
*nat
-A POSTROUTING -j MASQUERADE
COMMIT
`;
const nft = `table inet firewall {
  chain input {
    type filter hook input priority 0;
    meta mark & 0x00001000 == 0x00001000 drop
    meta mark set meta mark | 0x00000100
  }
}
`;

test.each([
  [
    "iptables-save",
    iptables,
    [
      "iptables table mangle, chain PREROUTING: reads 0x1000",
      "iptables table mangle, chain OUTPUT: replaces the packet mark whole",
    ],
  ],
  ["nft, as people write it", nft, ["nft table inet firewall, chain input: reads 0x1000"]],
  ["both", iptables + nft, ["PREROUTING", "OUTPUT", "firewall"]],
  ["none", "", []],
  ["anything", "\u0000{}\n-A\n*\ntable\nmeta mark\n", []],
])("rules in a file: %s", (_, text, expected) => {
  const found = ruleCollisions("file", findingsIn(text, 0x1000));
  expect(found.map((each) => `${each.who}: ${each.what}`)).toEqual(
    expected.map((each) => expect.stringContaining(each) as string),
  );
});

test("routing rules that look at the bits", () => {
  const rules = [
    { priority: 100, src: "all", fwmark: "0x1000", fwmask: "0x3000", table: "7" },
    { priority: 101, src: "all", fwmark: "0x40", fwmask: "0x60", table: "7" },
    { priority: 102, src: "all", table: "main" },
  ];
  expect(routingCollisions("this machine", 4, JSON.stringify(rules), 0x2000)).toEqual([
    {
      source: "this machine",
      who: "IPv4 routing rule 100",
      bits: 0x2000,
      what: "looks at 0x2000 of the packet mark",
    },
  ]);
});

describe("kubespan marks", () => {
  const main = new URL("../../../src/main.ts", import.meta.url).pathname;
  const marks = (...args: string[]) =>
    execa(process.execPath, [main, "marks", ...args], { reject: false, stripFinalNewline: false });

  test("ends with 14 and names the others, as text and as JSON", async () => {
    const file = join(await temporaryFolder(), "rules");
    await writeFile(file, iptables);
    const text = await marks("0x1000/0x1060", "--rules", file);
    expect(text.exitCode).toBe(14);
    expect(text.stdout).toMatch(
      /^Programs whose bits are known:\nBITS .*\n0x00000060 +kubespan, KubeSpan of Talos/m,
    );
    expect(text.stdout).toMatch(/^0x00001000 +iptables table mangle, chain PREROUTING/m);
    expect(text.stdout).toContain(`In the rules of ${file}:`);
    for (const line of text.stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    const json = await marks("0x1000", "-r", file, "-o", "json");
    expect(json.exitCode).toBe(14);
    expect(JSON.parse(json.stdout)).toMatchObject({
      bits: "0x1000",
      collisions: [{ source: file, bits: "0x1000" }, { bits: "0x0" }],
      free: "0x301f",
    });
  });

  test("refuses a file without rules, which would look like an answer", async () => {
    const file = join(await temporaryFolder(), "rules");
    await writeFile(file, "Operation not permitted (you must be root)\n");
    const { exitCode, stdout, stderr } = await marks("0x1000/0x3000", "--rules", file);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(`${file} holds no table of nft or iptables\n  give what 'nft list ruleset'`);
  });

  test("ends with 0 where nobody is known, and with 2 for what is no mark or no file", async () => {
    const free = await marks("0x1000/0x3000");
    expect([free.exitCode, free.stdout]).toEqual([
      0,
      "Nobody is known to use 0x00003000.\nBits that no known program uses: 0x0000301f\n",
    ]);
    for (const args of [["0x40/0x20"], ["0x1000", "--rules", "/nowhere/rules"]]) {
      const wrong = await marks(...args);
      expect([wrong.exitCode, wrong.stdout]).toEqual([2, ""]);
      expect(wrong.stderr).not.toBe("");
    }
  });
});

test.each([
  ["table inet filter {\n\tchain input {\n\t}\n}\n", true],
  ["# Warning: table ip filter is managed by iptables-nft, do not touch!\ntable ip filter {\n}\n", true],
  ["  table filter {\n  }\n", true],
  ["# Generated by iptables-save v1.8.9\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", true],
  ["", false],
  ["Operation not permitted (you must be root)\n", false],
  ['{"nftables": [{"table": {"family": "inet", "name": "filter"}}]}', false],
  ["I put the rules on the table {", false],
])("that %j holds rules: %s", (text, expected) => {
  expect(holdsRules(text)).toBe(expected);
});
