import * as fc from "fast-check";
import { expect, test } from "vitest";
import { intersect, type Prefix, parsePrefix, prefixFamily, unite } from "../../../src/net/index.ts";
import {
  type ObservedTable,
  type Ownership,
  observedTargets,
  parseTable,
  planTable,
} from "../../../src/nftables/index.ts";
import { tableText } from "../../../src/nftables/table.ts";
import { anyPrefix } from "../net/arbitraries.ts";
import { frame } from "./frame.ts";

/** Sets whose elements are addresses that stand for networks of this length. */
const bitsIn: ReadonlyMap<string, number> = new Map([
  ["kubespan_hosts_ipv4", 32],
  ["kubespan_blocks_ipv4", 24],
  ["kubespan_hosts_ipv6", 128],
  ["kubespan_blocks_ipv6", 64],
]);

/** Of one family's set, what the kernel enforces: no overlap when adding, an exact match when deleting. */
function carryOut(script: string, before: ObservedTable): ObservedTable {
  if (before.kind !== "present") throw new Error("only for changes of a table that is there");
  if (script.startsWith("add table")) return parseTable(script.replace(/^.*\n.*\n/, ""));
  const elements = new Map([...before.elements].map(([set, list]) => [set, new Set(list)]));
  for (const line of script.replace(/,\s*/g, ",").trim().split("\n")) {
    const [, verb = "", set = "", list = ""] =
      /^(add element|delete element|flush set) inet talos_kubespan (\S+)(?: \{ (.*) \})?$/.exec(line) ?? [];
    const content = elements.get(set) ?? new Set<string>();
    elements.set(set, content);
    if (verb === "flush set") content.clear();
    for (const element of list === "" ? [] : list.split(",")) {
      if (verb === "delete element" && !content.delete(element)) throw new Error(`${element} is not there`);
      if (verb !== "add element") continue;
      const bits = bitsIn.get(set);
      const prefix = parsePrefix(bits === undefined ? element : `${element}/${bits}`) as Prefix;
      expect(set).toMatch(new RegExp(`_ipv${prefixFamily(prefix)}$`));
      if (bits !== undefined && content.has(element)) throw new Error(`${element} is there already`);
      if (bits === undefined && intersect([...content] as Prefix[], [prefix]).length > 0)
        throw new Error(`${element} overlaps`);
      content.add(element);
    }
  }
  return { ...before, elements: new Map([...elements].map(([set, list]) => [set, [...list]])) };
}

const targetSet = fc
  .oneof(
    { weight: 4, arbitrary: fc.array(anyPrefix, { maxLength: 12 }) },
    // Small networks side by side, so that many stay, go and come.
    fc.array(
      fc
        .tuple(fc.nat(255), fc.integer({ min: 24, max: 32 }))
        .map(([last, bits]) => parsePrefix(`10.0.0.${last}/${bits}`) as Prefix),
      { maxLength: 200 },
    ),
  )
  .map((prefixes) => unite(prefixes));

const present = (targets: readonly Prefix[]): ObservedTable => parseTable(tableText({ ...frame, targets }));

test("a table as loaded needs nothing", () => {
  fc.assert(
    fc.property(targetSet, (targets) => {
      expect(planTable({ ...frame, targets }, present(targets))).toEqual([]);
    }),
  );
});

test("a change of targets is one transaction that the kernel accepts, and reaches what is wanted", () => {
  fc.assert(
    fc.property(targetSet, targetSet, (before, targets) => {
      const [step, ...more] = planTable({ ...frame, targets }, present(before));
      expect(more).toEqual([]);
      const script = step?.commands[0]?.input;
      expect(script === undefined).toBe(before.join() === targets.join());
      const after = typeof script === "string" ? carryOut(script, present(before)) : present(before);
      expect(unite(observedTargets(after))).toEqual(targets);
      expect(planTable({ ...frame, targets }, after)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("no table is wanted and there is none: nothing to do", () => {
  expect(planTable(undefined, { kind: "absent" })).toEqual([]);
});

test.each<[string, ObservedTable]>([
  ["ours", present([])],
  ["of another form", { kind: "foreign" }],
])("no table is wanted and there is one %s: it is deleted", (_name, observed) => {
  expect(planTable(undefined, observed)).toEqual([
    {
      stage: "swap",
      text: "delete the nft table",
      commands: [{ program: "nft", args: ["-f", "{input}"], input: "delete table inet talos_kubespan\n" }],
    },
  ]);
});

test("the plan says in a few words what changes", () => {
  const many = Array.from({ length: 10 }, (_, at) => `10.0.${at}.0/24` as Prefix);
  const before = ["10.0.77.0/24", "10.0.99.0/24"] as Prefix[];
  const textFor = (targets: readonly Prefix[]) => planTable({ ...frame, targets }, present(before))[0]?.text;
  expect(textFor([...many, "10.0.77.0/24" as Prefix])).toBe(
    "change the targets: add 10.0.0.0/24 10.0.1.0/24 10.0.2.0/24 and 7 more, remove 10.0.99.0/24",
  );
  const tolerated = ["10.0.77.0/24" as Prefix];
  expect(planTable({ ...frame, targets: before, tolerated }, present(before))[0]?.text).toBe(
    "change the networks that first packets are judged by: add 10.0.77.0/24",
  );
  expect(textFor([...before, "10.1.0.0/24" as Prefix])).toBe(
    "replace the nft table, which has rules for other networks, with 3 targets",
  );
});

const text = (isOwned: boolean, mtu = 1420): string =>
  tableText({ ...frame, mtu, targets: [] }, new Map(), isOwned);
const owner = " # progname nft";
const unowned = text(false);
const orphan = text(true).replace("flags owner, persist", "flags persist");
const ofSomebody = text(true).replace("{", `{${owner}`).replace("owner, persist", "owner,persist");
const adopted = ["become the owner of the nft table"];
const given = ["replace the nft table, which has no owner, with 0 targets"];

test.each<[string, string, Ownership, string[]]>([
  ["no owner can be", unowned, "impossible", []],
  ["no owner can be, but there was one", orphan, "impossible", []],
  ["it was made without one", unowned, "possible", given],
  ["it was made without one, after ours was replaced", unowned, "ours", given],
  ["its owner is gone", orphan, "possible", adopted],
  ["its owner is gone, unlike ours", orphan, "ours", adopted],
  [
    "its owner is gone, and nft cannot say so",
    orphan.replace("flags persist", "flags "),
    "possible",
    adopted,
  ],
  ["it is that of a process that ends", ofSomebody, "possible", adopted],
  ["it is ours", ofSomebody, "ours", []],
  ["it is ours, which is listed on more lines", text(true), "ours", []],
])("a table as it should be, where %s", (_name, listing, ownership, texts) => {
  const steps = planTable({ ...frame, targets: [] }, parseTable(listing), { ownership });
  expect(steps.map((step) => step.text)).toEqual(texts);
});

test.each<[string, string | undefined, Ownership, RegExp]>([
  ["no owner", unowned, "impossible", /^add table inet talos_kubespan\ndelete table .*\ntable .*\n\tcounter/],
  ["flags that this nft may not know", orphan, "impossible", /^delete table .*\ntable .*\n\tcounter/],
  ["no owner yet", unowned, "possible", /^destroy table .*\ntable .*\n\tflags owner, persist\n/],
  ["this owner", ofSomebody, "ours", /^destroy table .*\ntable .*\n\tflags owner, persist\n/],
  ["nothing of it", undefined, "possible", /^destroy table .*\ntable .*\n\tflags owner, persist\n/],
])("a table of another form that has %s is replaced at once", (_name, listing, ownership, script) => {
  const [step, ...more] = planTable({ ...frame, mtu: 1300, targets: [] }, parseTable(listing), { ownership });
  expect(more).toEqual([]);
  expect(step?.commands[0]?.input).toMatch(script);
});

test("flags that change what a table does are not taken for an owner", () => {
  const dormant = text(true).replace("owner, persist", "dormant,owner,persist");
  const [step] = planTable({ ...frame, targets: [] }, parseTable(dormant), { ownership: "ours" });
  expect(step?.text).toContain("is not as it should be");
});
