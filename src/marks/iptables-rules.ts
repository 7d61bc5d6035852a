import { wordOf } from "../base/index.ts";
import { bitsRead, everyBit, maskOf, parseMaskedMark } from "../net/index.ts";
import { iptablesDropsMesh } from "./reverse-path.ts";
import { iptablesTranslates } from "./translation.ts";
import {
  collision,
  type Finding,
  Findings,
  type Interference,
  interferences,
  type MarkUse,
  type Ours,
  type Place,
} from "./warning.ts";

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
    if (line.startsWith("-A ") && iptablesDropsMesh(line, this.#ours))
      this.#findings.add(this.#place(line.split(" ", 2)[1] ?? ""), { kind: "reversePath" }, line);
    if (this.#table === "nat" && iptablesTranslates(line, this.#ours))
      this.#findings.add(this.#place("POSTROUTING"), { kind: "translation" }, line);
  }

  findings(): readonly Finding[] {
    return this.#findings.all();
  }

  warnings(): Interference[] {
    return interferences(this.findings());
  }

  #place(chain: string): Place {
    const [tool, table] = [this.#tool, this.#table];
    const family = tool.startsWith("ip6") ? "ip6" : "ip";
    return { tool, table, chain, nftTable: tool.endsWith("-legacy") ? undefined : `${family} ${table}` };
  }

  #rule(rule: string): void {
    const chain = rule.split(" ", 2)[1] ?? "";
    for (const use of iptablesMarkUses(rule)) {
      if (use.how === "replaces" && (use.bits & maskOf(this.#ours.marks)) === 0 && staysHere(rule)) continue;
      const trouble = collision(use, this.#ours);
      if (trouble) this.#findings.add(this.#place(chain), trouble, rule);
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
  return [...matches(words), ...targetOf(after("-j"), words, after)];
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
    return [{ mark, how: "reads", bits: bitsRead(parseMaskedMark(words[at + 1] ?? "")) }];
  });
}

function targetOf(
  target: string | undefined,
  words: readonly string[],
  after: (name: string) => string | undefined,
): MarkUse[] {
  const mark = target === "CONNMARK" ? "connection" : "packet";
  const written = after("--set-xmark") ?? after("--set-mark") ?? after("--tproxy-mark");
  if (written !== undefined) {
    const { value, mask } = parseMaskedMark(written);
    return [
      mask === everyBit
        ? { mark, how: "replaces", bits: value }
        : { mark, how: "changes", bits: (value | mask) >>> 0 },
    ];
  }
  return target === "CONNMARK" ? copyOf(words, after) : [];
}

const copied = (mark: MarkUse["mark"], bits: number): MarkUse => ({
  mark,
  how: bits === everyBit ? "copies" : "changes",
  bits,
});

/**
 * Finds `--save-mark`, which copies to the connection's mark, and `--restore-mark`, which copies from it. Each end has
 * a mask, and only the bits of the end that is written change.
 */
function copyOf(words: readonly string[], after: (name: string) => string | undefined): MarkUse[] {
  const mask = (name: string): number => wordOf(after(name)) ?? everyBit;
  return [
    ...(words.includes("--save-mark") ? [copied("connection", mask("--ctmask"))] : []),
    ...(words.includes("--restore-mark") ? [copied("packet", mask("--nfmask"))] : []),
  ];
}
