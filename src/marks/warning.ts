import type { Marks } from "../config/index.ts";

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

/** The numbers and names that belong to the mesh alone. */
export interface Ours {
  readonly interfaceName: string;
  readonly marks: Marks;
  readonly table: number;
  readonly priority: number;
}

export const bitsOf = ({ marks }: Ours): number => (marks.fromWireGuard | marks.toWireGuard) >>> 0;

/** The use of a mark by a rule. All numbers are unsigned and have 32 bits. */
export interface MarkUse {
  readonly mark: "packet" | "connection";
  /**
   * The kind of use:
   * - `reads`: the rule decides by these bits
   * - `changes`: the rule sets or clears these bits, or copies them
   * - `replaces`: the rule writes the whole mark, and these bits are, or may be, set afterwards
   */
  readonly how: "reads" | "changes" | "replaces";
  readonly bits: number;
}

export const everyBit = 0xffffffff;

/** The harm that a use of a mark does to the mesh; `undefined` if it does none. */
export function collision({ mark, how, bits }: MarkUse, ours: Ours): string | undefined {
  const common = (bits & bitsOf(ours)) >>> 0;
  const name = `the ${mark} mark`;
  // A connection without our bit is treated as one of the mesh, which is safe. A packet of WireGuard without our bit
  // would be steered again.
  if (common === 0)
    return how === "replaces" && mark === "packet" ? `replaces ${name} whole, our bits included` : undefined;
  return `${how === "replaces" ? "sets" : how} ${hex(common)} of ${name}, which is ours`;
}

export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

const longestText = 160;

/** A bounded list of findings: one for each owner and kind, with the first rule and the number of rules. */
export class Findings {
  readonly #found = new Map<string, { who: string; what: string; rule: string; count: number }>();

  add(who: string, what: string, rule: string): void {
    const key = `${who}\n${what}`;
    const before = this.#found.get(key);
    if (before) before.count++;
    else if (this.#found.size < mostFindings) this.#found.set(key, { who, what, rule, count: 1 });
  }

  warnings(): Warning[] {
    return [...this.#found.values()].map(({ who, what, rule, count }) => ({
      who,
      what: `${what}: ${rule.slice(0, longestText)}${count > 1 ? ` (and ${count - 1} more)` : ""}`,
    }));
  }
}

const mostFindings = 20;

/**
 * The findings of iptables without those that nft has reported already. iptables keeps its rules in nftables, where nft
 * lists them again, and some versions name those tables only on stderr. A finding with the same chain and the same
 * words is reported once, in the form of iptables.
 */
export function withoutTranslations(native: readonly Warning[], iptables: readonly Warning[]): Warning[] {
  const known = new Set(iptables.map(({ who, what }) => `${asNft(who)}\n${kindOf(what)}`));
  return native.filter(({ who, what }) => !known.has(`${who}\n${kindOf(what)}`));
}

const asNft = (who: string): string =>
  who.replace(/^ip(6?)tables(?:-nft)? table /, (_, six: string) => `nft table ip${six} `);

/** The text of a finding without its rule. */
const kindOf = (what: string): string => what.split(": ", 1)[0] ?? what;
