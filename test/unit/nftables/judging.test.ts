import { describe, expect, test } from "vitest";
import type { Address, Prefix } from "../../../src/net/index.ts";
import { observedCounts, observedJudging, parseTable, planTable } from "../../../src/nftables/index.ts";
import { tableText } from "../../../src/nftables/table.ts";
import { frame } from "./frame.ts";

const networks = (...texts: string[]): Prefix[] => texts as Prefix[];
const text = (...targets: string[]): string => tableText({ ...frame, targets: networks(...targets) });

test("special networks get rules only where a lookup could find them", () => {
  expect(text("10.1.0.0/24", "10.9.0.1/32", "fd44:1::/64")).not.toContain("169.254");
  expect(text("100.64.0.0/10")).toContain("ip daddr 100.100.100.200 accept");
  expect(text("fd00:ec2::/40")).toContain("ip6 daddr fd00:ec2::254 accept");
  expect(text("10.1.0.0/24", "192.0.2.0/24")).toMatch(
    /ip daddr \{ 100\.100\.100\.200, 127\.0\.0\.0\/8, 168\.63\.129\.16, 169\.254\.0\.0\/16, 224\.0\.0\.0\/4 \} accept/,
  );
});

describe("what was counted", () => {
  const targets = networks("10.1.0.0/24");
  const counting = text("10.1.0.0/24").replace("packets 0 bytes 0", "packets 12 bytes 1234");

  test("does not make the table another one", () => {
    expect(planTable({ ...frame, targets }, parseTable(counting))).toEqual([]);
    expect(observedCounts(parseTable(counting))).toEqual({
      dropped: { outside: 12, tunnel: 0, entering: 0, leaving: 0, unaccepted: 0 },
      masqueraded: 0,
    });
  });

  test("goes on when the table is replaced", () => {
    const [step] = planTable({ ...frame, mtu: 1300, targets }, parseTable(counting));
    expect(step?.commands[0]?.input).toContain("packets 12 bytes 1234");
  });

  test("is nothing where there is no table", () => {
    expect(observedCounts({ kind: "absent" })).toEqual({
      dropped: { outside: 0, tunnel: 0, entering: 0, leaving: 0, unaccepted: 0 },
      masqueraded: 0,
    });
  });
});

test("a change of what is judged only is a change of elements", () => {
  const before = { ...frame, targets: networks("10.1.0.0/24"), pods: networks("10.1.0.0/24") };
  const observed = parseTable(tableText(before));
  expect(observedJudging(observed)).toEqual({ pods: ["10.1.0.0/24"], tolerated: [], own: [], ownPods: [] });
  const [step] = planTable(
    { ...before, tolerated: networks("10.1.0.0/24"), own: networks("10.2.0.0/24") },
    observed,
  );
  expect(step?.commands[0]?.input).toBe(
    "add element inet talos_kubespan kubespan_tolerated_ipv4 { 10.1.0.0/24 }\n" +
      "add element inet talos_kubespan kubespan_own_ipv4 { 10.2.0.0/24 }\n",
  );
});

/** The rules of a chain, as they stand in the text of a table. */
const chainOf = (table: string, name: string): string =>
  new RegExp(`\\n\\tchain ${name} \\{\\n([^}]*)\\t\\}`).exec(table)?.[1] ?? "";

describe("registries", () => {
  const exits = {
    registries: [{ address: "10.1.0.7" as Address, port: 443, clients: "daemon" as const }],
    served: [
      { port: 6443, clients: "node" as const },
      { port: 3443, clients: "daemon" as const },
    ],
    group: 4711,
  };
  const table = tableText({ ...frame, exits, answerOutside: false, targets: networks("10.1.0.0/24") });

  test("are answered outside whatever the operator says of the rest: pods by an API server alone", () => {
    const mark = "ct mark set ct mark | 0x00000060 return";
    expect(chainOf(table, "kubespan_answering").trim().split(/\n\t*/)).toEqual([
      `tcp flags syn ct original proto-dst 6443 ${mark}`,
      "ip saddr @kubespan_pods_ipv4 return",
      "ip6 saddr @kubespan_pods_ipv6 return",
      `tcp flags syn ct original proto-dst 3443 ${mark}`,
    ]);
  });

  test("have no rule where the last hook lets anything but their TCP out", () => {
    const rules = chainOf(table, "kubespan_exited").trim().split(/\n\t*/);
    expect(rules).toHaveLength(6);
    for (const rule of rules)
      expect(rule).toMatch(
        /^(?:ip daddr 10\.1\.0\.7 tcp dport 443 ct direction original|meta l4proto 6 ct original ip daddr 10\.1\.0\.7 ct original proto-dst 443 ct direction original|tcp flags (?:ack|! syn) ct direction reply ct original proto-dst (?:6443|3443)) meta mark set meta mark \| 0x00000060 accept$/,
      );
  });

  test("of the daemon are met outside by its group alone, and by nobody without one", () => {
    expect(chainOf(table, "kubespan_daemon_exits")).toContain("meta skgid 4711 goto kubespan_exits");
    const without = tableText({ ...frame, exits: { ...exits, group: undefined }, targets: [] });
    expect(chainOf(without, "kubespan_daemon_exits")).not.toContain("skgid");
  });

  test("cost no rule where there are none", () => {
    expect(text("10.1.0.0/24")).not.toMatch(/kubespan_(?:registries|exit)/);
  });
});

test.each([
  ["nothing outside is answered", { answerOutside: false }, /chain kubespan_answering \{\n\t\}\n\n/],
  [
    "nothing is dropped that comes in outside",
    { strictIngress: "off" as const },
    /chain kubespan_ingress \{\n\t\tgoto kubespan_answering\n\t\}/,
  ],
  [
    "all is dropped",
    { strictIngress: "all" as const },
    /\n\t\tct original ip daddr @kubespan_own_ipv4 counter name "kubespan_dropped_outside" drop/,
  ],
])("%s, if the operator says so", (_name, options, form) => {
  expect(tableText({ ...frame, ...options, targets: networks("10.1.0.0/24") })).toMatch(form);
});
