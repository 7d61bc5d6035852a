import { type Prefix, prefixFamily } from "../net/index.ts";
import {
  arrivalRules,
  clampRules,
  neighbourRule,
  type RuleOptions,
  replyRule,
  steeringRules,
} from "./rules.ts";

/** The name other KubeSpan nodes and their operators know the table by (reference section 7). */
export const tableName = "inet talos_kubespan";

/** What the table has to steer; the networks are disjoint and hold no KubeSpan address. */
export interface DesiredTable extends RuleOptions {
  readonly targets: readonly Prefix[];
}

export interface TargetSet {
  readonly name: string;
  readonly family: 4 | 6;
}

export const targetSets: readonly TargetSet[] = [
  { name: "kubespan_targets_ipv4", family: 4 },
  { name: "kubespan_targets_ipv6", family: 6 },
];

export const targetsOf = (set: TargetSet, targets: readonly Prefix[]): Prefix[] =>
  targets.filter((prefix) => prefixFamily(prefix) === set.family);

/**
 * The whole table as nft prints it: what is listed is what was loaded. The chains `kubespan_prerouting` and
 * `kubespan_outgoing` hold the documented rules word for word, after ours.
 */
export function tableText(desired: DesiredTable): string {
  const steer = [replyRule(desired), ...steeringRules(desired)];
  const { targets } = desired;
  return [
    `table ${tableName} {`,
    ...targetSets.map((set) => setText(set, targetsOf(set, targets))),
    // After connection tracking (-200), before the rest.
    chainText("kubespan_arriving", "filter", "prerouting", "mangle", arrivalRules(desired)),
    chainText("kubespan_prerouting", "filter", "prerouting", "filter", steer),
    // A packet for the node itself needs no tunnel, whatever address it has.
    chainText("kubespan_outgoing", "route", "output", "filter", [
      'oifname "lo" accept',
      neighbourRule,
      ...steer,
    ]),
    // Where local and forwarded packets meet.
    chainText("kubespan_clamping", "filter", "postrouting", "mangle", clampRules(desired)),
    "}",
    "",
  ].join("\n");
}

function setText(set: TargetSet, targets: readonly Prefix[]): string {
  const elements = targets.length === 0 ? [] : [`\t\telements = { ${elementList(targets)} }`];
  return [
    `\tset ${set.name} {`,
    `\t\ttype ipv${set.family}_addr`,
    "\t\tflags interval",
    ...elements,
    "\t}",
    "",
  ].join("\n");
}

function chainText(
  name: string,
  type: "filter" | "route",
  hook: string,
  priority: string,
  rules: readonly string[],
): string {
  const head = `type ${type} hook ${hook} priority ${priority}; policy accept;`;
  return [`\tchain ${name} {`, ...[head, ...rules].map((line) => `\t\t${line}`), "\t}", ""].join("\n");
}

/** Several to a line, for whoever reads the transaction. */
export function elementList(elements: readonly string[]): string {
  const perLine = 8;
  const lines: string[] = [];
  for (let at = 0; at < elements.length; at += perLine)
    lines.push(elements.slice(at, at + perLine).join(", "));
  return lines.join(",\n\t\t\t");
}
