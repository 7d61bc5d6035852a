import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Prefix } from "../../../src/net/index.ts";
import { observedTargets, parseTable, planTable } from "../../../src/nftables/index.ts";
import { frame } from "./frame.ts";
import { recorded } from "./recorded.ts";

const ours = recorded.replace("172.16.0.3-172.16.0.9,\n\t\t\t     ", "");
const targets = [
  "192.168.1.7/32",
  "192.168.1.9/32",
  "10.0.1.0/24",
  "10.4.0.0/16",
  "192.168.128.0/17",
] as Prefix[];
const planFor = (listing: string) => planTable({ ...frame, targets }, parseTable(listing));

describe("a listing of the table", () => {
  test("gives the elements as they stand there", () => {
    const table = parseTable(recorded);
    expect(table.kind === "present" && [...table.elements]).toEqual([
      ["kubespan_hosts_ipv4", ["192.168.1.7", "192.168.1.9"]],
      ["kubespan_blocks_ipv4", ["10.0.1.0"]],
      ["kubespan_targets_ipv4", ["10.4.0.0/16", "172.16.0.3-172.16.0.9", "192.168.128.0/17"]],
    ]);
    expect(observedTargets(table)).toEqual(targets);
    expect(planFor(recorded).flatMap((step) => step.commands.map(({ input }) => input))).toEqual([
      "delete element inet talos_kubespan kubespan_targets_ipv4 { 172.16.0.3-172.16.0.9 }\n",
    ]);
  });

  test.each<[string, (listing: string) => string]>([
    ["as recorded", (text) => text],
    ["operators in words", (text) => text.replaceAll(" & ", " and ").replaceAll(" | ", " or ")],
    ["brackets", (text) => text.replaceAll("meta mark & 0xffffffdf", "(meta mark & 0xffffffdf)")],
    ["short numbers", (text) => text.replaceAll("0x00000", "0x")],
    ["decimal numbers", (text) => text.replaceAll("0x00000040", "64")],
    ["no comparison sign", (text) => text.replaceAll(" == ", " ")],
    ["priority as a number", (text) => text.replaceAll("priority filter", "priority 0")],
    [
      "protocols by number, as nft prints them where there is no /etc/protocols",
      (text) =>
        text
          .replaceAll("l4proto tcp", "l4proto 6")
          .replaceAll("l4proto udp", "l4proto 17")
          .replaceAll("{ icmp, ipv6-icmp }", "{ 1, 58 }"),
    ],
    ["spaces for tabs", (text) => text.replaceAll("\t", "    ")],
    ["no empty lines", (text) => text.replaceAll("\n\n", "\n")],
    ["elements on one line each", (text) => text.replace("192.168.1.7, ", "192.168.1.7,\n\t\t\t     ")],
    ["sets with a count", (text) => text.replaceAll("size 16384", "size 16384\t# count 2")],
    ["no comparison with a set", (text) => text.replaceAll(" == @", " @")],
  ])("means the same: %s", (_name, change) => {
    expect(planFor(change(ours))).toEqual([]);
  });

  test.each<[string, (listing: string) => string]>([
    ["nothing", () => ""],
    ["another mark", (text) => text.replaceAll("0x00000040", "0x00000080")],
    ["all bits kept", (text) => text.replaceAll("& 0xffffffdf ", "")],
    ["a policy that drops", (text) => text.replace("policy accept", "policy drop")],
    ["another protocol", (text) => text.replaceAll("l4proto udp", "l4proto tcp")],
    ["another hook", (text) => text.replace("hook output", "hook postrouting")],
    ["a rule fewer", (text) => text.replace('\t\toif "lo" accept\n', "")],
    ["rules in another order", (text) => text.replace(/(\t\toif .*\n)(.*\n)/, "$2$1")],
    [
      "a lookup in an empty set",
      (text) =>
        text.replace(
          "\t\taccept\n",
          "\t\tip6 daddr @kubespan_hosts_ipv6 goto kubespan_forwarded\n\t\taccept\n",
        ),
    ],
    ["a lookup fewer", (text) => text.replace(/\t\tip daddr .*goto kubespan_own\n/, "")],
    ["another cover", (text) => text.replace("ip daddr 10.0.0.0/16", "ip daddr 10.1.0.0/16")],
    ["a cover in one chain only", (text) => text.replace("ip daddr 10.0.0.0/16 ", "")],
    ["another size", (text) => text.replace("size 16384", "size 16")],
    ["another type of set", (text) => text.replace("flags interval", "flags interval,timeout")],
    ["auto-merge", (text) => text.replace("flags interval", "flags interval\n\t\tauto-merge")],
    ["an element with a timeout", (text) => text.replace("192.168.1.7", "192.168.1.7 timeout 1h")],
    ["an element with a comment", (text) => text.replace("192.168.1.7", '192.168.1.7 comment "a, b } c"')],
    ["an element without an end", (text) => text.slice(0, text.indexOf(" }"))],
    ["elements outside a set", (text) => `elements = { 1.2.3.4 }\n${text}`],
    ["elements twice", (text) => text.replace(/(\t\telements.*\n)/, "$1$1")],
    ["an empty list", (text) => text.replace(/elements = .*/, "elements = { }")],
  ])("gets replaced as a whole: %s", (_name, change) => {
    const [step] = planFor(change(ours));
    expect(step?.commands[0]?.input).toMatch(
      /^add table inet talos_kubespan\ndelete table inet talos_kubespan\ntable inet talos_kubespan \{/,
    );
  });

  test("of any shape makes a plan and no failure", () => {
    const pieces = fc.constantFrom(
      ...ours.split(/(?<=[\s{},;])/),
      "}",
      "{",
      "elements = {",
      "\n",
      "0x",
      "@",
      '"',
    );
    const damaged = fc
      .tuple(fc.nat(ours.length), fc.nat(40), fc.string({ unit: "binary" }))
      .map(([at, length, text]) => ours.slice(0, at) + text + ours.slice(at + length));
    const anything = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((all) => all.join(" ")),
      damaged,
    );
    fc.assert(
      fc.property(anything, (text) => {
        for (const step of planFor(text))
          expect(step).toMatchObject({ stage: "swap", commands: [{ program: "nft" }] });
        observedTargets(parseTable(text));
      }),
      { numRuns: 1000 },
    );
  });
});
