import type { Marks } from "../config/config.ts";
import { type Prefix, prefixFamily } from "../net/index.ts";

/** The name other KubeSpan nodes and their operators know the table by (reference section 7). */
export const tableName = "inet talos_kubespan";

/** What the table has to steer; the networks are disjoint and hold no KubeSpan address. */
export interface DesiredTable {
  readonly marks: Marks;
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

/** The whole table as nft prints it: what is listed is what was loaded. */
export function tableText({ marks, targets }: DesiredTable): string {
  const steer = steeringRules(marks);
  return [
    `table ${tableName} {`,
    ...targetSets.map((set) => setText(set, targetsOf(set, targets))),
    chainText("kubespan_prerouting", "type filter hook prerouting priority filter; policy accept;", steer),
    // A packet for the node itself needs no tunnel, whatever address it has.
    chainText("kubespan_outgoing", "type route hook output priority filter; policy accept;", [
      'oifname "lo" accept',
      ...steer,
    ]),
    "}",
    "",
  ].join("\n");
}

/** Packets of WireGuard itself pass; packets to a target get the mark, and no bit outside our two is touched. */
function steeringRules({ fromWireGuard, toWireGuard }: Marks): string[] {
  const mask = (fromWireGuard | toWireGuard) >>> 0;
  // The bits of others and the one about to be set: the form in which the kernel gives the expression back.
  const kept = (~mask | toWireGuard) >>> 0;
  const mark = `meta mark set meta mark & ${hex(kept)} | ${hex(toWireGuard)}`;
  return [
    `meta mark & ${hex(mask)} == ${hex(fromWireGuard)} accept`,
    `ip daddr @kubespan_targets_ipv4 ${mark} accept`,
    `ip6 daddr @kubespan_targets_ipv6 ${mark} accept`,
  ];
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, "0")}`;

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

const chainText = (name: string, hook: string, rules: readonly string[]): string =>
  [`\tchain ${name} {`, ...[hook, ...rules].map((line) => `\t\t${line}`), "\t}", ""].join("\n");

/** Several to a line, for whoever reads the transaction. */
export function elementList(elements: readonly string[]): string {
  const perLine = 8;
  const lines: string[] = [];
  for (let at = 0; at < elements.length; at += perLine)
    lines.push(elements.slice(at, at + perLine).join(", "));
  return lines.join(",\n\t\t\t");
}
