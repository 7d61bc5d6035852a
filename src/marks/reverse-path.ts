import type { Ours } from "./warning.ts";

/*
 * Rules that drop what came in by another link than the one on which its source would be answered. What comes out of the
 * mesh bears the mesh's mark while such rules look, so it passes those that look at the mark, in time. The others drop
 * all of it, and nothing tells.
 */

/** The chain in which a rule stands. */
export interface Surroundings {
  /** The hook of the chain; `undefined` for a chain to which others lead. */
  readonly hook?: string;
  readonly priority?: number;
  /** Whether the chain drops what no rule of it accepts. */
  readonly dropsRest?: boolean;
}

/** The priorities between which what comes out of the mesh bears the mark (src/nftables/reverse-path.ts). */
const marked = { from: -315, to: 20 } as const;

const named: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
};

/** Reads the line of a chain at a hook, as nft prints it; `undefined` for any other line. */
export function surroundingsOf(line: string): Surroundings | undefined {
  const form =
    /^\s*type \S+ hook (\S+) (?:device \S+ )?priority (-?\w+)(?: ([+-]) (\d+))?;(?: policy (\w+);)?/;
  const [, hook, base = "", sign, offset = "0", policy] = form.exec(line) ?? [];
  if (hook === undefined) return undefined;
  const start = named[base] ?? Number(base);
  const priority = sign === "-" ? start - Number(offset) : start + Number(offset);
  return { hook, priority, dropsRest: policy === "drop" };
}

/** Whether a rule of nft's lets all that comes out of the mesh go on, so that those after it do not matter. */
export const letsMeshPass = (rule: string, { interfaceName }: Ours): boolean =>
  new RegExp(`^iifname (?:\\{[^}]*)?"${escaped(interfaceName)}"[^!]* (?:accept|return)\\b`).test(rule);

const escaped = (text: string): string => text.replace(/[^\w]/g, "\\$&");

/** Whether a rule of nft's drops what comes out of the mesh, because of the link by which it comes. */
export function nftDropsMesh(rule: string, around: Surroundings, ours: Ours): boolean {
  const [, key = "", result = ""] =
    /\bfib saddr \. ([a-z .]*?) oif(?:name)? (missing|exists|0\b|"")/.exec(rule) ?? [];
  const asks = key.split(" . ").map((word) => word.trim());
  if (!asks.includes("iif")) return false;
  const isDrop = result === "exists" ? around.dropsRest === true : / (?:drop|reject)\b/.test(rule);
  if (!isDrop || isAboutOthers(rule, ours)) return false;
  const { hook = "prerouting", priority = 0 } = around;
  const isInTime = hook === "prerouting" && priority > marked.from && priority < marked.to;
  return !(asks.includes("mark") && isInTime);
}

/** Whether a rule of nft's is about other links than the mesh's. */
function isAboutOthers(rule: string, { interfaceName }: Ours): boolean {
  const [, not, links = ""] = /\biif(?:name)? (!= )?(\{[^}]*\}|\S+)/.exec(rule) ?? [];
  if (links === "" || links === "oif") return false;
  const isNamed = links.includes(`"${interfaceName}"`);
  return not === undefined ? !isNamed : isNamed;
}

/** Tells the same as `nftDropsMesh` for a rule of `iptables-save`. */
export function iptablesDropsMesh(rule: string, { interfaceName }: Ours): boolean {
  if (!/ -m rpfilter\b/.test(rule) || / --(?:validmark|loose)\b/.test(rule)) return false;
  const [, not, link] = /( !)? -i (\S+)/.exec(rule) ?? [];
  if (link === undefined) return true;
  return not === undefined ? link === interfaceName : link !== interfaceName;
}
