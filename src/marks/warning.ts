import type { Marks } from "../config/index.ts";

/** Something on this node that the mesh and other software get in each other's way about. */
export interface Warning {
  /** Whose it is, as an operator would look it up: `nft table inet firewall, chain input`. */
  readonly who: string;
  /** What it does, and what follows. */
  readonly what: string;
}

/** What belongs to the mesh, and to nobody else. */
export interface Ours {
  readonly interfaceName: string;
  readonly marks: Marks;
  readonly table: number;
  readonly priority: number;
}

export const bitsOf = ({ marks }: Ours): number => (marks.fromWireGuard | marks.toWireGuard) >>> 0;

/** How a rule deals with a mark. Numbers are unsigned, of 32 bits. */
export interface MarkUse {
  readonly mark: "packet" | "connection";
  /** - `reads`: decides by these bits
   *  - `changes`: sets or clears these bits, or copies them
   *  - `replaces`: writes the whole mark; these bits are, or may be, set afterwards
   */
  readonly how: "reads" | "changes" | "replaces";
  readonly bits: number;
}

export const everyBit = 0xffffffff;

/** What is wrong with the use, if anything. */
export function collision({ mark, how, bits }: MarkUse, ours: Ours): string | undefined {
  const common = (bits & bitsOf(ours)) >>> 0;
  const name = `the ${mark} mark`;
  // Without our bit a connection is treated as one of the mesh: safe. A packet of WireGuard's would be steered again.
  if (common === 0)
    return how === "replaces" && mark === "packet" ? `replaces ${name} whole, our bits included` : undefined;
  return `${how === "replaces" ? "sets" : how} ${hex(common)} of ${name}, which is ours`;
}

export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

const longestText = 160;

/** Findings with a bound: one for each owner and kind, with the first rule and how many there are. */
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
 * iptables keeps its rules in nftables, where nft shows them once more; some versions tell which tables those are only on
 * stderr. What is said of the same chain in the same words is said once, as iptables has it.
 */
export function withoutTranslations(native: readonly Warning[], iptables: readonly Warning[]): Warning[] {
  const known = new Set(iptables.map(({ who, what }) => `${asNft(who)}\n${kindOf(what)}`));
  return native.filter(({ who, what }) => !known.has(`${who}\n${kindOf(what)}`));
}

const asNft = (who: string): string =>
  who.replace(/^ip(6?)tables(?:-nft)? table /, (_, six: string) => `nft table ip${six} `);

/** Without the rule. */
const kindOf = (what: string): string => what.split(": ", 1)[0] ?? what;
