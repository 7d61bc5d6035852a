import type { Prefix } from "../net/index.ts";
import { leavingChains } from "./leaving.ts";
import { type Lookup, lookupsIn } from "./lookups.ts";
import {
  arrivalRules,
  clampRules,
  connectionRules,
  documentedRules,
  localSteeringRules,
  lookupRules,
  outsideRules,
  type RuleOptions,
  steeringRules,
} from "./rules.ts";
import { type Contents, contentsOf, elementText, hashSize, type TargetSet, targetSets } from "./sets.ts";

/** The name other KubeSpan nodes and their operators know the table by (reference section 7). */
export const tableName = "inet talos_kubespan";

/** What the table has to steer; the networks are disjoint and hold no KubeSpan address. */
export interface DesiredTable extends RuleOptions {
  readonly targets: readonly Prefix[];
}

/** The whole table, as it is loaded. */
export function tableText(desired: DesiredTable): string {
  const contents = contentsOf(desired.targets);
  return textOf(desired, lookupsIn(contents), contents);
}

/** The table without elements, with rules for these lookups only. */
export const frameText = (options: RuleOptions, lookups: readonly Lookup[]): string =>
  textOf(options, lookups, new Map());

/**
 * What a node forwards is from its pods, and mostly for pods: their networks come first there, the tree last. What it
 * sends itself is mostly for nodes.
 */
const podsFirst = (lookups: readonly Lookup[]): Lookup[] =>
  lookups.toSorted((left, right) => (left.set.bits ?? 129) - (right.set.bits ?? 129));

/** As nft prints it: what is listed is what was loaded. */
const textOf = (options: RuleOptions, lookups: readonly Lookup[], contents: Contents): string =>
  [
    `table ${tableName} {`,
    ...targetSets.map((set) => setText(set, contents.get(set.name) ?? [])),
    chainText("kubespan_arriving", arrivalRules(options, lookups)),
    chainText("kubespan_outside", outsideRules(options)),
    chainText("kubespan_clamp", clampRules(options)),
    chainText("kubespan_forwarded", steeringRules(options, "kubespan_clamp")),
    chainText("kubespan_own", localSteeringRules(options, lookups, "kubespan_clamp")),
    chainText("kubespan_prerouting", [
      "type filter hook prerouting priority filter; policy accept;",
      ...connectionRules(options, "kubespan_arriving", "kubespan_outside"),
      ...lookupRules(podsFirst(lookups), "kubespan_forwarded"),
      ...documentedRules(options),
    ]),
    chainText("kubespan_outgoing", [
      "type route hook output priority filter; policy accept;",
      ...lookupRules(lookups, "kubespan_own"),
      ...documentedRules(options),
    ]),
    ...leavingChains(options, lookups).map((chain) => chainText(...chain)),
    "}",
    "",
  ].join("\n");

function setText(set: TargetSet, prefixes: readonly Prefix[]): string {
  const { name, family, bits } = set;
  const list = elementList(prefixes.map((prefix) => elementText(set, prefix)));
  return [
    `\tset ${name} {`,
    `\t\ttype ipv${family}_addr`,
    bits === undefined ? "\t\tflags interval" : `\t\tsize ${hashSize}`,
    ...(prefixes.length === 0 ? [] : [`\t\telements = { ${list} }`]),
    "\t}",
    "",
  ].join("\n");
}

const chainText = (name: string, lines: readonly string[]): string =>
  [`\tchain ${name} {`, ...lines.map((line) => `\t\t${line}`), "\t}", ""].join("\n");

/** Several to a line, for whoever reads the transaction. */
export function elementList(elements: readonly string[]): string {
  const perLine = 8;
  const lines: string[] = [];
  for (let at = 0; at < elements.length; at += perLine)
    lines.push(elements.slice(at, at + perLine).join(", "));
  return lines.join(",\n\t\t\t");
}
