import { nameFor } from "../base/index.ts";
import type { Prefix } from "../net/index.ts";
import { answeringRules, answerRules, arrivalRules, gateRules, knownRules, outsideRules } from "./arrival.ts";
import { type Counts, counterTexts } from "./counters.ts";
import { exitChains } from "./exits.ts";
import { ingressRules, untrackedRules } from "./ingress.ts";
import { leavingChains } from "./leaving.ts";
import { type Lookup, lookupsIn } from "./lookups.ts";
import { headerOf, type RuleOptions } from "./match.ts";
import { fromPortRule, fromPortRules, notingRules } from "./own-packets.ts";
import { answerableRules, cleanRule } from "./reverse-path.ts";
import {
  type Contents,
  contentsOfAll,
  elementText,
  hashSize,
  judgingSets,
  type NetworkSet,
  type Networks,
  targetSets,
} from "./sets.ts";
import { behindRules, givenRules, passingRules, sourceRules } from "./sources.ts";
import { specialRules } from "./special.ts";
import { clampRules, documentedRules, localSteeringRules, lookupRules, steeringRules } from "./steering.ts";
import { ownedLine, type TableName } from "./transaction.ts";
import { enteringRules, translatedRules, tunnelRules } from "./tunnel.ts";

/** The table of the mesh with this link. Other KubeSpan nodes and their operators look for the plain name, which is that of Talos. */
export const tableNameOf = (interfaceName: string): TableName =>
  nameFor("inet talos_kubespan", interfaceName);

/** The networks that a table steers and judges, and the connections that go past it. */
export type Steered = Networks & Pick<RuleOptions, "exits">;

/** The networks that the table has to steer and to judge, and the options of its rules. */
export interface DesiredTable extends RuleOptions, Networks {}

/** The text of the whole table, as it is loaded, with or without an owner. Its counters go on from `counts`. */
export function tableText(desired: DesiredTable, counts: Counts = new Map(), isOwned = false): string {
  const contents = contentsOfAll(desired);
  const text = textOf(desired, lookupsIn(contents), contents, counts);
  return isOwned ? text.replace("\n", `\n${ownedLine}`) : text;
}

/** The text of the table without elements, with rules for these lookups only. */
export const frameText = (options: RuleOptions, lookups: readonly Lookup[]): string =>
  textOf(options, lookups, new Map(), new Map());

/**
 * The lookups in the order for packets that a node forwards. They come from its pods and are mostly for pods, so that
 * pod networks come first and the tree last. Packets that the node sends itself are mostly for nodes.
 */
const podsFirst = (lookups: readonly Lookup[]): Lookup[] =>
  lookups.toSorted((left, right) => (left.set.bits ?? 129) - (right.set.bits ?? 129));

/** The chains to which others lead. The chains at the hooks have the names that operators know. */
const chains = {
  arriving: "kubespan_arriving",
  tunnelled: "kubespan_tunnelled",
  translated: "kubespan_translated",
  entering: "kubespan_entering",
  ingress: "kubespan_ingress",
  untracked: "kubespan_untracked",
  answering: "kubespan_answering",
  answers: "kubespan_answers",
  outside: "kubespan_outside",
  clamp: "kubespan_clamp",
  passing: "kubespan_passing",
  fromPort: "kubespan_from_port",
  given: "kubespan_given",
  behind: "kubespan_behind",
  forwarded: "kubespan_forwarded",
  own: "kubespan_own",
  known: "kubespan_known",
} as const;

/** The text of a table as nft prints it, so that the listing is the same as what was loaded. */
const textOf = (
  options: RuleOptions,
  lookups: readonly Lookup[],
  contents: Contents,
  counts: Counts,
): string =>
  [
    `table ${tableNameOf(options.interfaceName)} {`,
    ...counterTexts(counts),
    ...[...targetSets, ...judgingSets].map((set) => setText(set, contents.get(set.name) ?? [])),
    ...closerLook(options, lookups),
    chainText(chains.answers, answerRules(options)),
    chainText(chains.outside, outsideRules(options, chains.answers)),
    ...exitChains(options).map((chain) => chainText(...chain)),
    chainText(chains.clamp, clampRules(options)),
    chainText(chains.fromPort, fromPortRules(options)),
    chainText(chains.forwarded, steeringRules(options, chains.clamp)),
    chainText(chains.own, localSteeringRules(options, lookups, chains)),
    chainText(chains.known, [
      ...knownRules(options, chains.outside),
      ...specialRules(lookups),
      ...lookupRules(podsFirst(lookups), chains.forwarded),
    ]),
    chainText("kubespan_answerable", answerableRules(options)),
    chainText("kubespan_prerouting", [
      // The chain comes after those of others, who may look at the mark of what comes out of the mesh.
      "type filter hook prerouting priority 20; policy accept;",
      cleanRule(options),
      ...gateRules(chains),
      ...documentedRules(options),
    ]),
    chainText("kubespan_noting", notingRules(options)),
    chainText("kubespan_outgoing", [
      "type route hook output priority filter; policy accept;",
      fromPortRule(options, chains.fromPort),
      ...specialRules(lookups),
      ...lookupRules(lookups, chains.own),
      "accept",
      ...documentedRules(options),
    ]),
    chainText(chains.given, givenRules(options)),
    chainText(chains.behind, behindRules(options, chains.given)),
    chainText("kubespan_sources", sourceRules(options, chains.given, chains.behind)),
    ...leavingChains(options, lookups).map((chain) => chainText(...chain)),
    "}",
    "",
  ].join("\n");

/** The chains that a connection's first packet meets. A chain stands after those to which it leads. */
const closerLook = (options: RuleOptions, lookups: readonly Lookup[]): string[] => [
  chainText(chains.answering, answeringRules(options)),
  chainText(chains.untracked, untrackedRules(options, chains.answering)),
  chainText(chains.ingress, ingressRules(options, chains)),
  chainText(chains.translated, translatedRules()),
  chainText(chains.tunnelled, tunnelRules(chains.translated)),
  chainText(chains.entering, enteringRules(lookups)),
  chainText(chains.passing, passingRules(options)),
  chainText(chains.arriving, arrivalRules(options, lookups, { ...chains, outside: chains.ingress })),
];

function setText(set: NetworkSet, prefixes: readonly Prefix[]): string {
  const { name, family, bits } = set;
  const list = elementList(prefixes.map((prefix) => elementText(set, prefix)));
  return [
    `\tset ${name} {`,
    // By the name of the type alone, nft 1.1 writes what makes nft 1.0.6 crash, whatever it has to do, in a container say.
    `\t\ttypeof ${headerOf(family)} daddr`,
    bits === undefined ? "\t\tflags interval" : `\t\tsize ${hashSize}`,
    ...(prefixes.length === 0 ? [] : [`\t\telements = { ${list} }`]),
    "\t}",
    "",
  ].join("\n");
}

const chainText = (name: string, lines: readonly string[]): string =>
  [`\tchain ${name} {`, ...lines.map((line) => `\t\t${line}`), "\t}", ""].join("\n");

/** Writes several elements to a line, for people who read the transaction. */
export function elementList(elements: readonly string[]): string {
  const perLine = 8;
  const lines: string[] = [];
  for (let at = 0; at < elements.length; at += perLine)
    lines.push(elements.slice(at, at + perLine).join(", "));
  return lines.join(",\n\t\t\t");
}
