import { hexText, KubespanError, wordOf } from "../base/index.ts";
import { bitsRead, everyBit } from "../net/index.ts";
import { readRules } from "../routing/index.ts";
import { IptablesScanner } from "./iptables-rules.ts";
import { NftScanner } from "./nft-rules.ts";
import { knownPrograms } from "./programs.ts";
import { type Finding, type Ours, useText, withoutTranslations } from "./warning.ts";

/** A use of bits by somebody else, who would take them for his own. */
export interface Collision {
  /** The source that shows the use: `known`, the name of a file, or `this machine`. */
  readonly source: string;
  /** The program, the chain or the routing rule. */
  readonly who: string;
  /** The bits that both use; 0 where the whole mark is replaced, whatever is in it. */
  readonly bits: number;
  readonly what: string;
}

/**
 * Reads the bits that a mark `VALUE` or `VALUE/MASK` uses. Throws `KubespanError("usage")` for anything else, and for a
 * mark that uses none.
 */
export function bitsOf(text: string): number {
  const [first = "", second, ...more] = text.split("/");
  const [value, mask] = [wordOf(first), second === undefined ? everyBit : wordOf(second)];
  const bits = value === undefined || mask === undefined ? 0 : bitsRead({ value, mask });
  const problem =
    value === undefined || mask === undefined || more.length > 0
      ? "it is no number of 32 bits, and no two of them"
      : (value & ~mask) !== 0
        ? `the value has bits that are not in the mask: ${hexText((value & ~mask) >>> 0)}`
        : bits === 0
          ? "it uses no bits"
          : undefined;
  if (problem !== undefined)
    throw new KubespanError("usage", `${JSON.stringify(text.slice(0, 100))} is no mark: ${problem}`, {
      hint: "write VALUE or VALUE/MASK, such as 0x40/0x60",
    });
  return bits;
}

/** The collisions with programs whose bits are known. */
export const knownCollisions = (bits: number): Collision[] =>
  knownPrograms
    .filter((program) => (program.bits & bits) !== 0)
    .map(({ name, mark, what, ...program }) => ({
      source: "known",
      who: name,
      bits: (program.bits & bits) >>> 0,
      what: `${mark} mark: ${what}`,
    }));

/** The bits in the form in which the scanners of rules take those of the mesh. Nothing else of it is looked for. */
export const asOurs = (bits: number): Ours => ({
  interfaceName: "",
  marks: { fromWireGuard: bits, toWireGuard: bits },
  table: -1,
  priority: -1,
});

/** A line that only `iptables-save` writes; all others are of nft. */
const ofIptables = /^(?:[*:]|-A |COMMIT$)/;

/**
 * Whether a text can be what `nft list ruleset` or `iptables-save` print: it has a table. Nothing is found in any other
 * text, and that would look like an answer. An empty file proves nothing either, as a tool that fails leaves one.
 */
export const holdsRules = (text: string): boolean =>
  /^(?:[ \t]*table (?:(?:ip|ip6|inet|arp|bridge|netdev) )?[^\s{]+ \{|\*[a-z]+[ \t]*$)/m.test(text);

/** The findings in rules that stand in a file, as `nft list ruleset` or `iptables-save` print them. */
export function findingsIn(rules: string, bits: number): Finding[] {
  const nft = new NftScanner(asOurs(bits), []);
  const iptables = new IptablesScanner(asOurs(bits), "iptables");
  for (const line of rules.split("\n"))
    if (ofIptables.test(line)) iptables.line(line);
    else nft.line(line.replace(/^ +(?=chain )/, "\t")); // whoever writes a file may indent with blanks
  const translated = iptables.findings();
  return [...translated, ...withoutTranslations(nft.findings(true), translated)];
}

/** The collisions among findings about rules; a translation of addresses is none. */
export const ruleCollisions = (source: string, findings: readonly Finding[]): Collision[] =>
  findings.flatMap(({ place: { tool, table, chain }, trouble, rule, count }) =>
    trouble.kind !== "mark"
      ? []
      : {
          source,
          who: `${tool} table ${table}, chain ${chain}`,
          bits: trouble.use.bits,
          what: `${useText(trouble.use)}: ${rule.slice(0, 160)}${count > 1 ? ` (and ${count - 1} more)` : ""}`,
        },
  );

/** The collisions with routing rules, from `ip -j -N rule show`. */
export const routingCollisions = (source: string, family: 4 | 6, text: string, bits: number): Collision[] =>
  readRules(text).flatMap(({ priority, mark }) => {
    const common = mark === undefined ? 0 : (bitsRead(mark) & bits) >>> 0;
    if (common === 0) return [];
    const what = `looks at ${hexText(common)} of the packet mark`;
    return [{ source, who: `IPv${family} routing rule ${priority}`, bits: common, what }];
  });

/** The exit code of `kubespan marks`, which a script can tell from all errors. */
export const exitCodeOf = (collisions: readonly Collision[]): number => (collisions.length > 0 ? 14 : 0);
