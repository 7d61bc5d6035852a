import { mainLink, type Step } from "../base/index.ts";
import {
  addressToBytes,
  familyOf,
  hostPrefix,
  isHostPrefix,
  networkOf,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixFamily,
} from "../net/index.ts";
import { type Counted, type Counts, countedIn } from "./counters.ts";
import { type ObservedTable, parseTable } from "./listing.ts";
import { type Lookup, lookupsIn } from "./lookups.ts";
import type { RuleOptions } from "./match.ts";
import {
  type Contents,
  contentsOfAll,
  elementText,
  judgingSets,
  type NetworkSet,
  type Networks,
  targetSets,
} from "./sets.ts";
import { type DesiredTable, elementList, frameText, tableNameOf, tableText } from "./table.ts";
import {
  adoptingText,
  deletingText,
  nftStep,
  replacingOwnedText,
  replacingText,
  type TableName,
} from "./transaction.ts";

/**
 * The standing of this daemon to its table. Whoever owns a table alone changes it, so that a ruleset that others flush
 * leaves it whole. `impossible` where nft or the kernel knows no such tables, or they outlive no owner.
 */
export type Ownership = "impossible" | "possible" | "ours";

interface Standing {
  /** The link of the mesh, where no table is wanted. */
  readonly interfaceName?: string;
  readonly ownership?: Ownership;
}

/**
 * The steps that make the table what it should be; `undefined` asks for no table. There is no step if nothing has to be
 * done, and one transaction for all that packets meet.
 */
export function planTable(
  desired: DesiredTable | undefined,
  observed: ObservedTable,
  { interfaceName = desired?.interfaceName ?? mainLink, ownership = "impossible" }: Standing = {},
): Step[] {
  const table = tableNameOf(interfaceName);
  if (desired === undefined)
    return observed.kind === "absent" ? [] : [nftStep("delete the nft table", deletingText(table))];
  const whole = (counts: Counts): string => wholeTable(desired, observed, ownership, counts);
  const replaced = (why: string, counts: Counts): Step[] => [
    nftStep(`replace the nft table, which ${why}, ${counted(desired)}`, whole(counts)),
  ];
  if (observed.kind === "absent")
    return [nftStep(`create the nft table ${counted(desired)}`, whole(new Map()))];
  if (observed.kind === "foreign") return replaced("is not as it should be", new Map());
  const contents = contentsOfAll(desired);
  if (observed.frame === frameOf(desired, lookupsIn(contents))) {
    if (ownership !== "impossible" && observed.owner === "none")
      return replaced("has no owner", observed.counts);
    return [...adoption(table, ownership, observed), ...planElements(table, contents, observed.elements)];
  }
  // The rules of a table that is whole are those for the networks in its sets.
  const isWhole = observed.frame === frameOf(desired, lookupsIn(observedContents(observed)));
  const why = isWhole ? "has rules for other networks" : "is not as it should be";
  return replaced(why, observed.counts);
}

type Present = Extract<ObservedTable, { readonly kind: "present" }>;

/** A table that this daemon made its own may have lost its owner since. */
const adoption = (table: TableName, ownership: Ownership, { owner }: Present): Step[] =>
  ownership === "possible" || (ownership === "ours" && owner === "gone")
    ? [nftStep("become the owner of the nft table", adoptingText(table))]
    : [];

function wholeTable(
  desired: DesiredTable,
  observed: ObservedTable,
  ownership: Ownership,
  counts: Counts,
): string {
  const table = tableNameOf(desired.interfaceName);
  if (ownership !== "impossible") return replacingOwnedText(table, tableText(desired, counts, true));
  const text = tableText(desired, counts);
  // What another program, or a newer nft, made for an owner cannot be added without flags that this nft does not know.
  const wasOwned = observed.kind === "present" && observed.owner !== "none";
  return wasOwned ? `${deletingText(table)}${text}` : replacingText(table, text);
}

/** The last text of a frame that was read, and what it is as a frame: most passes want the same one. */
let lastFrame = { text: "", frame: "" };

function frameOf(options: RuleOptions, lookups: readonly Lookup[]): string {
  const text = frameText(options, lookups);
  if (text !== lastFrame.text) {
    const made = parseTable(text);
    lastFrame = { text, frame: made.kind === "present" ? made.frame : "" };
  }
  return lastFrame.frame;
}

function planElements(
  table: TableName,
  contents: Contents,
  observed: ReadonlyMap<string, readonly string[]>,
): Step[] {
  const differences = (sets: readonly NetworkSet[]): Difference[] =>
    sets.map((set) => difference(set, contents.get(set.name) ?? [], observed.get(set.name) ?? []));
  const [targets, judging] = [differences(targetSets), differences(judgingSets)];
  const changes = [...targets, ...judging];
  // Deletions come first: a new element may overlap an old one.
  const lines = [
    ...changes.flatMap((change) => removalLines(table, change)),
    ...changes.flatMap((change) => additionLines(table, change)),
  ];
  if (lines.length === 0) return [];
  const texts = [
    ...changeText("the targets", targets),
    ...changeText("the networks that first packets are judged by", judging),
  ];
  return [nftStep(`change ${texts.join("; ")}`, lines.join(""))];
}

/** The text about the changes of sets that serve one purpose; there is none if nothing changes in them. */
function changeText(purpose: string, changes: readonly Difference[]): string[] {
  const added = changes.flatMap((change) => change.added);
  const removed = changes.flatMap((change) =>
    change.removed.map((element) => elementKey(change.set, element)),
  );
  const summaries = [summary("add", added), summary("remove", removed)].flat();
  return summaries.length === 0 ? [] : [`${purpose}: ${summaries.join(", ")}`];
}

interface Difference {
  readonly set: NetworkSet;
  readonly wanted: readonly Prefix[];
  readonly added: readonly Prefix[];
  /** The elements as nft printed them, because a deletion must name exactly what the kernel holds. */
  readonly removed: readonly string[];
}

function difference(set: NetworkSet, wanted: readonly Prefix[], observed: readonly string[]): Difference {
  const missing = new Map<string, Prefix>(wanted.map((prefix) => [printedText(set, prefix), prefix]));
  // Most elements are printed in the usual form, and are wanted. The others are read.
  const others = observed.filter((element) => !missing.delete(element));
  const removed = others.filter((element) => {
    const prefix = prefixOf(set, element);
    return prefix === undefined || !missing.delete(printedText(set, prefix));
  });
  return { set, wanted, added: [...missing.values()], removed };
}

/** The usual form in which nft prints a network of a set: single addresses have no length. */
const printedText = (set: NetworkSet, prefix: Prefix): string =>
  set.bits === undefined && isHostPrefix(prefix) ? networkOf(prefix) : elementText(set, prefix);

/** The network for which an element stands. A range of addresses that is no prefix equals no network. */
const elementKey = (set: NetworkSet, element: string): string => prefixOf(set, element) ?? element;

function prefixOf({ family, bits }: NetworkSet, element: string): Prefix | undefined {
  const mapped = mappedPrefix(element);
  if (mapped !== undefined) return family === 6 ? mapped : undefined;
  const address = parseAddress(element);
  if (address && familyOf(address) !== family) return undefined;
  if (bits !== undefined) return address && (`${address}/${bits}` as Prefix);
  const prefix = address ? hostPrefix(address) : parsePrefix(element);
  return prefix && prefixFamily(prefix) === family ? prefix : undefined;
}

/** A network that is written like IPv4 inside IPv6, such as `::ffff:1.2.3.0/120`. In a set of IPv6 it means just that. */
function mappedPrefix(element: string): Prefix | undefined {
  const [, tail, bits = "128"] = /^::ffff:([\d.]+)(?:\/(\d+))?$/.exec(element) ?? [];
  const address = tail === undefined ? undefined : parseAddress(tail);
  if (address === undefined) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = addressToBytes(address);
  return `::ffff:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}/${bits}` as Prefix;
}

/**
 * The largest number of single deletions. nft searches the whole tree for each one: 5,000 out of 10,000 take 14 s, and
 * filling the set anew takes 50 ms.
 */
const mostDeletions = 64;

const refilled = ({ set, removed }: Difference): boolean =>
  set.bits === undefined && removed.length > mostDeletions;

const removalLines = (table: TableName, change: Difference): string[] =>
  refilled(change)
    ? [`flush set ${table} ${change.set.name}\n`]
    : elementLines(`delete element ${table}`, change.set, change.removed);

const additionLines = (table: TableName, change: Difference): string[] =>
  elementLines(
    `add element ${table}`,
    change.set,
    (refilled(change) ? change.wanted : change.added).map((prefix) => elementText(change.set, prefix)),
  );

const elementLines = (command: string, set: NetworkSet, elements: readonly string[]): string[] =>
  elements.length === 0 ? [] : [`${command} ${set.name} { ${elementList(elements)} }\n`];

/** The networks that the table steers now; none for a table that is not of our making. */
export const observedTargets = (observed: ObservedTable): Prefix[] => networksIn(observed, targetSets);

/** The networks in the other sets of the table. */
export function observedJudging(observed: ObservedTable): Omit<Networks, "targets"> {
  const found = (kind: string): Prefix[] =>
    networksIn(
      observed,
      judgingSets.filter(({ name, family }) => name === `kubespan_${kind}_ipv${family}`),
    );
  return {
    pods: found("pods"),
    tolerated: found("tolerated"),
    own: found("own"),
    ownPods: found("own_pods"),
  };
}

/** The contents of the sets in which packets are looked up, as far as they are networks, in the form of `contentsOf`. */
export const observedContents = (observed: ObservedTable): Contents =>
  new Map(
    targetSets.flatMap((set) => {
      const networks = networksIn(observed, [set]);
      return networks.length === 0 ? [] : [[set.name, networks] as const];
    }),
  );

const networksIn = (observed: ObservedTable, sets: readonly NetworkSet[]): Prefix[] =>
  observed.kind === "present"
    ? sets.flatMap((set) =>
        (observed.elements.get(set.name) ?? []).flatMap((element) => prefixOf(set, element) ?? []),
      )
    : [];

/** What the table has counted so far. */
export const observedCounts = (observed: ObservedTable): Counted =>
  countedIn(observed.kind === "present" ? observed.counts : new Map());

const counted = ({ targets }: DesiredTable): string =>
  `with ${targets.length} ${targets.length === 1 ? "target" : "targets"}`;

function summary(verb: string, elements: readonly string[]): string[] {
  if (elements.length === 0) return [];
  const shown = elements.slice(0, 3).join(" ");
  return [`${verb} ${shown}${elements.length > 3 ? ` and ${elements.length - 3} more` : ""}`];
}
