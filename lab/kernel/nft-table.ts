import { fail } from "./failure.ts";
import { AddressSet } from "./nft-sets.ts";

export interface Chain {
  /** The line `type filter hook output priority filter; policy accept;`; absent for a chain that only others lead to. */
  hook?: string;
  /** The rules, one line each, as they were written. */
  rules: string[];
}

export interface Counter {
  packets: bigint;
  bytes: bigint;
}

/** One table, with what is in it by name, in the order in which it was added. */
export class Table {
  readonly counters = new Map<string, Counter>();
  readonly sets = new Map<string, AddressSet>();
  readonly chains = new Map<string, Chain>();

  copy(): Table {
    const copy = new Table();
    for (const [name, counter] of this.counters) copy.counters.set(name, { ...counter });
    for (const [name, set] of this.sets) copy.sets.set(name, set.copy());
    for (const [name, chain] of this.chains) copy.chains.set(name, { ...chain, rules: [...chain.rules] });
    return copy;
  }

  set(name: string): AddressSet {
    return this.sets.get(name) ?? fail("Error: No such file or directory");
  }

  chain(name: string): Chain {
    return this.chains.get(name) ?? fail("Error: Could not process rule: No such file or directory");
  }

  /** Takes what a block in braces says of an object in the table, which is made if it is not there. */
  declare(kind: string, name: string, lines: readonly string[]): void {
    if (kind === "counter") this.#declareCounter(name, lines);
    else if (kind === "set") this.#declareSet(name, lines);
    else if (kind === "chain") this.#declareChain(name, lines);
    else fail(`Error: syntax error, unexpected ${kind}`);
  }

  #declareCounter(name: string, lines: readonly string[]): void {
    const [, packets = "0", bytes = "0"] = /^packets (\d+) bytes (\d+)$/.exec(lines.join(" ")) ?? [];
    if (!this.counters.has(name)) this.counters.set(name, { packets: BigInt(packets), bytes: BigInt(bytes) });
  }

  #declareSet(name: string, lines: readonly string[]): void {
    const text = lines.join("\n");
    const header = /^typeof (ip6?) daddr$/m.exec(text)?.[1];
    const size = /^size (\d+)$/m.exec(text)?.[1];
    const made = new AddressSet(
      header === "ip6" ? 6 : header === "ip" ? 4 : fail("Error: set definition does not specify key"),
      /^flags interval$/m.test(text),
      size === undefined ? undefined : Number(size),
    );
    const set = this.sets.get(name) ?? made;
    if (set.family !== made.family || set.isInterval !== made.isInterval)
      fail("Error: Could not process rule: File exists");
    this.sets.set(name, set);
    for (const element of elementsIn(/^elements = \{([^}]*)\}$/m.exec(text)?.[1] ?? "")) set.add(element);
  }

  #declareChain(name: string, lines: readonly string[]): void {
    const [first] = lines;
    const hook = first?.startsWith("type ") ? first : undefined;
    const chain = this.chains.get(name) ?? { ...(hook !== undefined && { hook }), rules: [] };
    this.chains.set(name, chain);
    chain.rules.push(...(hook === undefined ? lines : lines.slice(1)));
  }

  /** Checks the rules. Throws `ToolFailure` where one names what is not in the table. */
  check(): void {
    for (const rule of [...this.chains.values()].flatMap(({ rules }) => rules)) {
      for (const [, name = ""] of rule.matchAll(/ @(\w+)(?= |$)/g)) this.set(name);
      for (const [, name = ""] of rule.matchAll(/\b(?:goto|jump) (\S+)/g)) this.chain(name);
      for (const [, name = ""] of rule.matchAll(/\bcounter name "([^"]+)"/g))
        if (!this.counters.has(name)) fail("Error: Could not process rule: No such file or directory");
    }
  }

  isUsed(chain: string): boolean {
    return [...this.chains.values()].some(({ rules }) =>
      rules.some((rule) => new RegExp(`\\b(?:goto|jump) ${chain}(?: |$)`).test(rule)),
    );
  }

  text(name: string): string {
    return [
      `table ${name} {`,
      ...this.#counterTexts(),
      ...[...this.sets].map(([set, each]) => setText(set, each)),
      ...[...this.chains].map(([chain, { hook, rules }]) =>
        block("chain", chain, hook === undefined ? rules : [hook, ...rules]),
      ),
      "}",
      "",
    ].join("\n");
  }

  countersText(name: string): string {
    return [`table ${name} {`, ...this.#counterTexts(), "}", ""].join("\n");
  }

  #counterTexts(): string[] {
    return [...this.counters].map(([counter, { packets, bytes }]) =>
      block("counter", counter, [`packets ${packets} bytes ${bytes}`]),
    );
  }
}

export const elementsIn = (list: string): string[] =>
  list
    .split(",")
    .map((element) => element.trim())
    .filter((element) => element !== "");

function setText(name: string, set: AddressSet): string {
  const elements = set.texts();
  return block("set", name, [
    `typeof ${set.family === 6 ? "ip6" : "ip"} daddr`,
    ...(set.size === undefined ? [] : [`size ${set.size}`]),
    ...(set.isInterval ? ["flags interval"] : []),
    ...(elements.length === 0 ? [] : [`elements = { ${elements.join(",\n\t\t\t     ")} }`]),
  ]);
}

const block = (kind: string, name: string, lines: readonly string[]): string =>
  [`\t${kind} ${name} {`, ...lines.map((line) => `\t\t${line}`), "\t}", ""].join("\n");
