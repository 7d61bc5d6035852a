import * as fc from "fast-check";
import { expect, test } from "vitest";
import { intersect, type Prefix, parsePrefix, prefixFamily, unite } from "../../../src/net/index.ts";
import { type ObservedTable, observedTargets, parseTable, planTable } from "../../../src/nftables/index.ts";
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
