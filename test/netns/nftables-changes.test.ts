import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Prefix } from "../../src/net/index.ts";
import { observeTable } from "../../src/nftables/effects/observe.ts";
import { type DesiredTable, planTable } from "../../src/nftables/index.ts";
import { frame } from "../unit/nftables/frame.ts";
import { apply, failing } from "./namespace.ts";
import { tableWorld, wanted } from "./table-world.ts";

const { run, nft, converge } = tableWorld();

const many = (offset: number): DesiredTable =>
  wanted(
    ...Array.from({ length: 10_000 }, (_, at) => `10.${(at >> 8) + offset}.${at & 255}.${(at % 64) * 4}/31`),
  );

describe("a change of targets", () => {
  test.each<[string, string[], string[]]>([
    ["nothing to one", [], ["10.0.0.0/24"]],
    ["one to nothing", ["10.0.0.0/24", "fd00::/64"], []],
    ["one swapped for another", ["10.0.0.0/24", "10.2.0.0/24"], ["10.0.0.0/24", "10.3.0.0/24"]],
    ["a network cut in two", ["10.0.0.0/24", "10.9.0.0/16"], ["10.0.0.0/25", "10.0.0.192/26"]],
    ["two networks joined", ["10.0.0.0/25", "10.0.0.192/26"], ["10.0.0.0/24"]],
    ["a network widened", ["10.0.0.128/25"], ["10.0.0.0/8"]],
    ["neighbours", ["10.0.1.0/24"], ["10.0.1.0/24", "10.0.2.0/24", "10.0.0.0/24"]],
    ["single addresses", ["10.0.0.1/32", "10.0.0.3/32"], ["10.0.0.2/32", "10.0.0.3/32"]],
    ["everything", ["10.0.0.0/24"], ["0.0.0.0/0", "::/0"]],
    ["less than everything", ["0.0.0.0/0", "::/0"], ["0.0.0.0/1", "::/1"]],
    ["the ends", ["0.0.0.0/32", "255.255.255.255/32"], ["255.255.255.254/31", "0.0.0.0/31", "ffff::/16"]],
    ["IPv6 that looks like IPv4", ["::/96", "::1:0/112"], ["::fffe:0:0/96", "::2:0/112"]],
  ])("%s", async (_name, first, second) => {
    await converge(wanted(...first));
    await converge(wanted(...second));
    await converge(wanted(...first));
  });

  test("holds IPv6 networks that nft writes like IPv4", async () => {
    const targets = ["::ffff:0:0/96", "::ffff:102:300/120", "::ffff:102:304/128"] as Prefix[];
    for (const target of targets) {
      await apply(run, planTable({ ...frame, targets: [target] }, await observeTable(run, "kubespan")));
      expect(planTable({ ...frame, targets: [target] }, await observeTable(run, "kubespan"))).toEqual([]);
    }
  });

  test("names only what changes", async () => {
    await converge(wanted("10.0.0.0/24", "10.2.0.0/24", "fd00::/64"));
    const [step, ...more] = planTable(
      wanted("10.0.0.0/24", "10.3.0.0/24", "fd00::/64"),
      await observeTable(run, "kubespan"),
    );
    expect(more).toEqual([]);
    expect(step?.commands.map(({ input }) => input)).toEqual([
      "delete element inet talos_kubespan kubespan_blocks_ipv4 { 10.2.0.0 }\n" +
        "add element inet talos_kubespan kubespan_blocks_ipv4 { 10.3.0.0 }\n",
    ]);
  });

  test("any sequence of changes ends in what is wanted", async () => {
    const small = fc.oneof(
      fc
        .tuple(fc.nat(3), fc.nat(255), fc.integer({ min: 22, max: 32 }))
        .map(([c, d, bits]) => `10.0.${c}.${d}/${bits}`),
      fc
        .tuple(fc.nat(1), fc.nat(15), fc.constantFrom(32, 60, 64, 125, 127, 128))
        .map(([b, h, bits]) => `fd00:${b}::${h}/${bits}`),
    );
    const set = fc.oneof(
      { weight: 3, arbitrary: fc.array(small, { maxLength: 10 }) },
      fc.array(small, { minLength: 150, maxLength: 300 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(set, { minLength: 2, maxLength: 6 }), async (sequence) => {
        for (const texts of sequence) await converge(wanted(...texts));
      }),
      { numRuns: 20 },
    );
  });

  test("ten thousand targets, most of them replaced, then all but one gone", async () => {
    await converge(many(0));
    await converge(many(20));
    await converge(wanted("10.20.0.0/31"));
  });
});

describe("what others do to the table is undone", () => {
  const table = "inet talos_kubespan";
  const set4 = `${table} kubespan_targets_ipv4`;
  test.each<[string, string]>([
    ["an emptied table", `flush table ${table}`],
    ["an emptied chain", `flush chain ${table} kubespan_outgoing`],
    ["an emptied chain that another leads to", `flush chain ${table} kubespan_clamp`],
    ["a rule fewer", `flush chain ${table} kubespan_outside`],
    ["a rule added", `add rule ${table} kubespan_prerouting counter drop`],
    ["a rule put first", `insert rule ${table} kubespan_outgoing oifname "eth0" accept`],
    ["a chain added", `add chain ${table} extra`],
    ["a set added", `add set ${table} extra { type ipv4_addr; }`],
    ["a chain that drops", `add chain ${table} kubespan_outgoing { policy drop; }`],
    ["an element added", `add element ${set4} { 192.0.2.0/24 }`],
    ["a range added", `add element ${set4} { 192.0.2.3-192.0.2.9 }`],
    ["an IPv6 range added", `add element ${table} kubespan_targets_ipv6 { fd01::3-fd01::9 }`],
    ["an element with a comment", `add element ${set4} { 192.0.2.0/24 comment "a, } b" }`],
    ["an element removed", `delete element ${set4} { 10.7.0.0/16 }`],
    ["an element narrowed", `delete element ${set4} { 10.7.0.0/16 }\nadd element ${set4} { 10.7.0.0/25 }`],
    ["an emptied set", `flush set ${set4}`],
    ["a node added", `add element ${table} kubespan_hosts_ipv4 { 192.0.2.1 }`],
    ["a block added that is none", `add element ${table} kubespan_blocks_ipv4 { 192.0.2.1 }`],
    ["a block removed", `delete element ${table} kubespan_blocks_ipv4 { 10.0.0.0 }`],
    ["emptied blocks", `flush set ${table} kubespan_blocks_ipv6`],
    ["a table switched off", `add table ${table} { flags dormant; }`],
    ["a deleted table", `delete table ${table}`],
    ["a flushed ruleset", "flush ruleset"],
    [
      "a table of the same name",
      `delete table ${table}\ntable ${table} { map m { type ipv4_addr : verdict; elements = { 1.2.3.4 : drop } }; }`,
    ],
    [
      "sets without intervals",
      `delete table ${table}\ntable ${table} { set kubespan_targets_ipv4 { type ipv4_addr; elements = { 1.2.3.4 } }; }`,
    ],
  ])("%s", async (_name, edit) => {
    const desired = wanted("10.0.0.0/24", "10.7.0.0/16", "fd00::/64");
    await converge(desired);
    await nft(edit);
    expect(planTable(desired, await observeTable(run, "kubespan"))).toHaveLength(1);
    await converge(desired);
  });
});

test.each([false, true])("a command that fails (after its work: %s) does no harm", async (afterwards) => {
  for (const desired of [wanted("10.0.0.0/24"), wanted("10.0.0.0/25", "10.0.1.0/24"), undefined]) {
    const plan = planTable(desired, await observeTable(run, "kubespan"));
    await expect(apply(failing(run, 1, afterwards), plan)).rejects.toThrow("out of order");
    await converge(desired);
  }
});
