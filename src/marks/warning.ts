import { hexText } from "../base/index.ts";
import { type Marks, maskOf } from "../net/index.ts";

/** A conflict on this node between the mesh and other software. */
export interface Warning {
  /**
   * The owner of the conflicting object, in words that an operator can search for: `nft table inet firewall, chain
   * input`.
   */
  readonly who: string;
  /** The conflict and its consequence. */
  readonly what: string;
}

/** A conflict with the kind of its remedy. */
export interface Interference extends Warning {
  /**
   * The kind of the conflict:
   * - `numbers`: the software uses a mark, a table or a priority of ours, so one of the two has to take others
   * - `mask`: the software writes the whole mark without using our bits, so it has to leave them out; other bits for the
   *   mesh would not help
   * - `translation`: the software changes the source of the mesh's packets, which have to be excluded from that
   * - `reversePath`: the software drops what comes out of the mesh, which has to be excluded from that
   */
  readonly about: "numbers" | "mask" | "translation" | "reversePath";
}

/** The numbers and names that belong to the mesh alone. */
export interface Ours {
  readonly interfaceName: string;
  readonly marks: Marks;
  readonly table: number;
  readonly priority: number;
}

/** The use of a mark by a rule. All numbers are unsigned and have 32 bits. */
export interface MarkUse {
  readonly mark: "packet" | "connection";
  /**
   * The kind of use:
   * - `reads`: the rule decides by these bits
   * - `changes`: the rule sets or clears these bits, or copies them
   * - `replaces`: the rule writes the whole mark, and these bits are, or may be, set afterwards
   * - `copies`: the rule writes the whole mark, and takes all of it from the other kind of mark
   */
  readonly how: "reads" | "changes" | "replaces" | "copies";
  readonly bits: number;
}

/** The harm that a rule does to the mesh. `use` has no other bits than ours. */
export type Trouble =
  | { readonly kind: "mark"; readonly use: MarkUse }
  | { readonly kind: "translation" }
  | { readonly kind: "reversePath" };

/** The harm that a use of a mark does to the mesh; `undefined` if it does none. */
export function collision(use: MarkUse, { marks }: Ours): Trouble | undefined {
  const bits = (use.bits & maskOf(marks)) >>> 0;
  // A connection without our bit is treated as one of the mesh, which is safe.
  if (bits === 0 && (use.how !== "replaces" || use.mark !== "packet")) return undefined;
  return { kind: "mark", use: { ...use, bits } };
}

function troubleText(trouble: Trouble): string {
  if (trouble.kind === "translation")
    return "translates the source of what goes into the mesh, and perhaps the port of WireGuard's own packets";
  if (trouble.kind === "reversePath")
    return "drops what comes out of the mesh, because it looks for the way back without the mesh's mark";
  const text = useText(trouble.use);
  return trouble.use.how === "copies" || trouble.use.bits === 0
    ? `${text}, our bits included`
    : `${text}, which is ours`;
}

/** The use of some bits in words. A use of none of them replaces the whole mark. */
export function useText({ mark, how, bits }: MarkUse): string {
  if (how === "copies")
    return `copies the whole ${mark} mark from the ${mark === "packet" ? "connection" : "packet"} mark`;
  if (bits === 0) return `replaces the ${mark} mark whole`;
  return `${how === "replaces" ? "sets" : how} ${hexText(bits)} of the ${mark} mark`;
}

/** The place of a rule. */
export interface Place {
  /** The tool that lists the table: `nft`, `iptables-legacy`. */
  readonly tool: string;
  /** The table, as that tool names it. */
  readonly table: string;
  readonly chain: string;
  /** The table, as nft names it; `undefined` where nft does not list it. */
  readonly nftTable: string | undefined;
}

/** The trouble at one place, with the first rule that makes it and the number of such rules. */
export interface Finding {
  readonly place: Place;
  readonly trouble: Trouble;
  readonly rule: string;
  readonly count: number;
}

const mostFindings = 20;
const longestText = 160;

/** The key that tells one kind of trouble from another. */
const kindOf = (trouble: Trouble): string =>
  trouble.kind === "mark" ? [trouble.use.mark, trouble.use.how, trouble.use.bits].join(" ") : trouble.kind;

function aboutOf(trouble: Trouble): Interference["about"] {
  if (trouble.kind !== "mark") return trouble.kind;
  const { how, bits } = trouble.use;
  return how === "copies" || (how === "replaces" && bits === 0) ? "mask" : "numbers";
}

/** A bounded list of findings: one for each place and kind, with the first rule and the number of rules. */
export class Findings {
  readonly #found = new Map<string, Finding>();

  add(place: Place, trouble: Trouble, rule: string): void {
    const key = `${place.table}\n${place.chain}\n${kindOf(trouble)}`;
    const before = this.#found.get(key);
    if (before) this.#found.set(key, { ...before, count: before.count + 1 });
    else if (this.#found.size < mostFindings) this.#found.set(key, { place, trouble, rule, count: 1 });
  }

  all(): readonly Finding[] {
    return [...this.#found.values()];
  }
}

export const interferences = (findings: readonly Finding[]): Interference[] =>
  findings.map(({ place: { tool, table, chain }, trouble, rule, count }) => ({
    about: aboutOf(trouble),
    who: `${tool} table ${table}, chain ${chain}`,
    what: `${troubleText(trouble)}: ${rule.slice(0, longestText)}${count > 1 ? ` (and ${count - 1} more)` : ""}`,
  }));

/**
 * The findings of nft without those that iptables has reported already. iptables keeps its rules in nftables, where nft
 * lists them again, and some versions name those tables only on stderr. The same trouble of the same chain is reported
 * once, in the form of iptables.
 */
export function withoutTranslations(native: readonly Finding[], iptables: readonly Finding[]): Finding[] {
  const keyOf = ({ place: { nftTable, chain }, trouble }: Finding): string =>
    `${nftTable}\n${chain}\n${kindOf(trouble)}`;
  const known = new Set(iptables.filter(({ place }) => place.nftTable !== undefined).map(keyOf));
  return native.filter((finding) => !known.has(keyOf(finding)));
}
