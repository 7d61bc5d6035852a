import { iptablesTranslates, translates } from "./translation.ts";
import { bitsOf, collision, everyBit, Findings, type MarkUse, type Ours, type Warning } from "./warning.ts";

/** Reads the output of `iptables-save` and its relatives line by line, and finds rules that use our bits. */
export class IptablesScanner {
  readonly #ours: Ours;
  readonly #tool: string;
  readonly #findings = new Findings();
  #table = "";

  constructor(ours: Ours, tool: string) {
    this.#ours = ours;
    this.#tool = tool;
  }

  line(line: string): void {
    if (line.startsWith("*")) this.#table = line.slice(1);
    else if (line.startsWith("-A ") && /mark/i.test(line)) this.#rule(line);
    if (this.#table === "nat" && iptablesTranslates(line, this.#ours))
      this.#findings.add(`${this.#tool} table nat, chain POSTROUTING`, translates, line);
  }

  warnings(): Warning[] {
    return this.#findings.warnings();
  }

  #rule(rule: string): void {
    const chain = rule.split(" ", 2)[1] ?? "";
    for (const use of iptablesMarkUses(rule)) {
      if (use.how === "replaces" && (use.bits & bitsOf(this.#ours)) === 0 && staysHere(rule)) continue;
      const what = collision(use, this.#ours);
      if (what !== undefined)
        this.#findings.add(`${this.#tool} table ${this.#table}, chain ${chain}`, what, rule);
    }
  }
}

/** The uses of marks by one rule, as `iptables-save` prints it. */
export function iptablesMarkUses(rule: string): MarkUse[] {
  const words = rule.replace(/"(?:[^"\\]|\\.)*"/g, '""').split(" ");
  const after = (name: string): string | undefined => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : words[at + 1];
  };
  return [...matches(words), ...targetOf(after("-j"), after)];
}

/**
 * Tells whether a rule is about packets for a socket or a proxy on this node. Such a packet does not leave, so it needs
 * none of our bits.
 */
const staysHere = (rule: string): boolean => / -m socket | -j TPROXY /.test(rule);

/** Finds `-m mark [!] --mark VALUE[/MASK]` and the equivalent of connmark. */
function matches(words: readonly string[]): MarkUse[] {
  let mark: MarkUse["mark"] = "packet";
  return words.flatMap((word, at): MarkUse[] => {
    if (word === "-m" && words[at + 1] === "mark") mark = "packet";
    if (word === "-m" && words[at + 1] === "connmark") mark = "connection";
    if (word !== "--mark") return [];
    const { value, mask } = pairOf(words[at + 1]);
    // A mark that is compared as a whole collides only if the value has our bits.
    return [{ mark, how: "reads", bits: mask === everyBit ? value : mask }];
  });
}

function targetOf(target: string | undefined, after: (name: string) => string | undefined): MarkUse[] {
  const mark = target === "CONNMARK" ? "connection" : "packet";
  const written = after("--set-xmark") ?? after("--set-mark") ?? after("--tproxy-mark");
  if (written !== undefined) {
    const { value, mask } = pairOf(written);
    return [
      mask === everyBit
        ? { mark, how: "replaces", bits: value }
        : { mark, how: "changes", bits: (value | mask) >>> 0 },
    ];
  }
  return target === "CONNMARK" ? copyOf(after) : [];
}

/**
 * Finds `--save-mark`, which copies to the connection's mark, and `--restore-mark`, which copies from it. Each end has
 * a mask.
 */
function copyOf(after: (name: string) => string | undefined): MarkUse[] {
  const mask = (name: string): number => numberOf(after(name) ?? "") ?? everyBit;
  return [
    { mark: "connection", how: "changes", bits: mask("--ctmask") },
    { mark: "packet", how: "changes", bits: mask("--nfmask") },
  ];
}

function pairOf(text = ""): { value: number; mask: number } {
  const [value = "", mask] = text.split("/", 2);
  return { value: numberOf(value) ?? 0, mask: mask === undefined ? everyBit : (numberOf(mask) ?? everyBit) };
}

const numberOf = (text: string): number | undefined =>
  /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) >>> 0 : undefined;
