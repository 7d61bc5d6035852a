import { wordOf } from "../base/index.ts";
import { everyBit } from "../net/index.ts";
import { letsMeshPass, nftDropsMesh, type Surroundings, surroundingsOf } from "./reverse-path.ts";
import { nftTranslates } from "./translation.ts";
import {
  collision,
  type Finding,
  Findings,
  type Interference,
  interferences,
  type MarkUse,
  type Ours,
  type Trouble,
} from "./warning.ts";

/**
 * Reads `nft list ruleset` line by line and finds rules of others that use our bits. A rule that it does not understand
 * counts as harmless, since a false alarm on every node is worse than a missing one.
 */
export class NftScanner {
  readonly #ours: Ours;
  readonly #ownTables: readonly string[];
  readonly #native = new Findings();
  readonly #translated = new Findings();
  #table = "";
  #chain = "";
  #isTranslated = false;
  /** Whether the current chain translates sources. */
  #isPostrouting = false;
  #around: Surroundings = {};
  /** Whether a rule of the current chain lets what comes out of the mesh pass the rules after it. */
  #isMeshPast = false;

  /** `ownTables` names the tables of the main mesh, as `inet talos_kubespan`. Those of other meshes have longer names. */
  constructor(ours: Ours, ownTables: readonly string[]) {
    this.#ours = ours;
    this.#ownTables = ownTables;
  }

  line(line: string): void {
    const head = /^(?:table (\S+ \S+)|\tchain (\S+)) \{/.exec(line);
    if (head?.[1] !== undefined) this.#table = head[1];
    else if (head?.[2] !== undefined) this.#chainBegins(head[2]);
    else if (line.includes(" hook ") && this.#hookBegins(line)) return;
    else if (line.startsWith("# Warning: table ")) this.#isTranslated = line.includes("iptables-nft");
    else if (line === "}") this.#isTranslated = false;
    else if (!this.#isOfMesh()) this.#rule(line);
  }

  /**
   * The findings. `translated` includes those about tables that iptables keeps in nftables, which its own tools show
   * better.
   */
  findings(translated: boolean): readonly Finding[] {
    return [...this.#native.all(), ...(translated ? this.#translated.all() : [])];
  }

  warnings(translated: boolean): Interference[] {
    return interferences(this.findings(translated));
  }

  #chainBegins(name: string): void {
    [this.#chain, this.#isPostrouting, this.#isMeshPast, this.#around] = [name, false, false, {}];
  }

  #hookBegins(line: string): boolean {
    const around = surroundingsOf(line);
    if (around === undefined) return false;
    this.#isPostrouting = line.includes("type nat hook postrouting");
    this.#around = around;
    return true;
  }

  #reversePath(rule: string): void {
    if (this.#isMeshPast) return;
    if (letsMeshPass(rule, this.#ours)) this.#isMeshPast = true;
    else if (nftDropsMesh(rule, this.#around, this.#ours)) this.#add({ kind: "reversePath" }, rule);
  }

  #isOfMesh(): boolean {
    return this.#ownTables.some((own) => this.#table === own || this.#table.startsWith(`${own}_`));
  }

  #rule(line: string): void {
    if (line.includes("fib saddr") || line.includes("iifname")) this.#reversePath(line.trim());
    const isTranslation = this.#isPostrouting && nftTranslates(line.trim(), this.#ours);
    if (!isTranslation && !line.includes("mark")) return;
    const rule = line.trim();
    if (isTranslation) this.#add({ kind: "translation" }, rule);
    for (const use of nftMarkUses(rule)) this.#add(collision(use, this.#ours), rule);
  }

  #add(trouble: Trouble | undefined, rule: string): void {
    const findings = this.#isTranslated ? this.#translated : this.#native;
    const [table, chain] = [this.#table, this.#chain];
    if (trouble) findings.add({ tool: "nft", table, chain, nftTable: table }, trouble, rule);
  }
}

const number = "0x[0-9a-f]{1,8}|\\d{1,10}";
const markForm = /(?<![\w.])(?:(meta|ct) )?mark\b/g;
const operation = new RegExp(`^ (&|and|\\||or|\\^|xor) (${number})(?= |$)`);
const comparison = new RegExp(`^(?: (?:&|and) (${number}))?(?: (?:==|!=|vmap|map))? (\\{[^}]*\\}|${number})`);
const numbers = new RegExp(`(?<![\\w.])(?:${number})(?![\\w.])`, "g");

/** The uses of marks by one rule, as nft prints it. */
export function nftMarkUses(rule: string): MarkUse[] {
  const text = rule.replace(/"[^"]*"/g, '""').replace(/[()]/g, "");
  const uses: MarkUse[] = [];
  let end = 0;
  for (const found of text.matchAll(markForm)) {
    if (found.index < end) continue; // this is part of the value that the last match wrote
    const mark = found[1] === "ct" ? "connection" : "packet";
    const at = found.index + found[0].length;
    if (!text.startsWith(" set ", at)) {
      const use = readOf(mark, text.slice(at));
      if (use) uses.push(use);
      continue;
    }
    const { use, length } = writeOf(mark, text.slice(at + 4));
    uses.push(use);
    end = at + 4 + length;
  }
  return uses;
}

function readOf(mark: MarkUse["mark"], rest: string): MarkUse | undefined {
  const [, mask, value] = comparison.exec(rest) ?? [];
  if (value === undefined) return undefined;
  return { mark, how: "reads", bits: mask === undefined ? allOf(value) : word(mask) };
}

/** The bits of a value that is compared as a whole. */
const allOf = (value: string): number =>
  (value.match(numbers) ?? []).reduce((bits, each) => (bits | word(each)) >>> 0, 0);

/** What has more than 32 bits is no mark, and has none of ours. */
const word = (text = "0"): number => wordOf(text) ?? 0;

interface Written {
  readonly use: MarkUse;
  /** The length of the text that holds the written value. */
  readonly length: number;
}

/** Parses the value that a rule writes. `value` begins with a blank: ` meta mark & 0xffffffdf | 0x00000040 accept`. */
function writeOf(mark: MarkUse["mark"], value: string): Written {
  const [origin, source] = /^ (?:(meta|ct) )?mark(?= |$)/.exec(value) ?? [];
  if (origin === undefined) return constantOf(mark, value);
  let rest = value.slice(origin.length);
  // If the value starts from the same mark, the bits that the operations touch change. If it starts from the other
  // mark, the bits that the operations let through are copied.
  let touched = 0;
  let passed = everyBit;
  for (let found = operation.exec(rest); found; found = operation.exec(rest)) {
    const [whole, operator = "", operand] = found;
    const bits = word(operand);
    const clears = operator === "&" || operator === "and";
    touched = (touched | (clears ? ~bits : bits)) >>> 0;
    passed = (clears ? passed & bits : passed | bits) >>> 0;
    rest = rest.slice(whole.length);
  }
  const isSame = (source === "ct") === (mark === "connection");
  const use: MarkUse = isSame
    ? { mark, how: "changes", bits: touched }
    : { mark, how: passed === everyBit ? "copies" : "replaces", bits: passed };
  return { use, length: value.length - rest.length };
}

/** Parses a number. Any other value, such as a map or a hash, depends on the packet, and no bit is assumed. */
function constantOf(mark: MarkUse["mark"], value: string): Written {
  const constant = new RegExp(`^ (${number})(?= |$)`).exec(value);
  return {
    use: { mark, how: "replaces", bits: word(constant?.[1]) },
    length: constant?.[0].length ?? 0,
  };
}
