import { INPUT } from "../../src/base/index.ts";
import { fail } from "./failure.ts";
import { elementsIn, Table } from "./nft-table.ts";

/** The tables by family and name. `nft` carries its input out as a whole or not at all. */
export class Ruleset {
  tables = new Map<string, Table>();

  run(args: readonly string[], input: string | undefined): string {
    const words = args.filter((word) => word !== "-s");
    if (words[0] === "-f") {
      if (words[1] !== INPUT || input === undefined) return fail("Error: Could not open file");
      this.#transact(input);
      return "";
    }
    if (words[0] === "list") return this.#list(words.slice(1));
    this.#transact(words.join(" "));
    return "";
  }

  #list(words: readonly string[]): string {
    if (words[0] === "ruleset") return [...this.tables].map(([name, table]) => table.text(name)).join("");
    const isCounters = words[0] === "counters";
    const [, family, name] = isCounters ? words.slice(1) : words;
    const known = `${family} ${name}`;
    const table = this.tables.get(known) ?? fail(`Error: No such file or directory\nlist table ${known}`);
    return isCounters ? table.countersText(known) : table.text(known);
  }

  #transact(text: string): void {
    const before = this.tables;
    this.tables = new Map([...before].map(([name, table]) => [name, table.copy()]));
    try {
      for (const command of commandsIn(text)) this.#carryOut(command);
      for (const table of this.tables.values()) table.check();
    } catch (error) {
      this.tables = before;
      throw error;
    }
  }

  #carryOut({ line, body }: NftCommand): void {
    const [verb = "", object = "", ...rest] = line.split(" ");
    if (body) return this.#declare(`${object} ${rest[0] ?? ""}`, body);
    if (line === "flush ruleset") return this.tables.clear();
    const name = rest.slice(0, 2).join(" ");
    if (verb === "add" && object === "table")
      return void this.tables.set(name, this.tables.get(name) ?? new Table());
    const table = this.tables.get(name) ?? fail("Error: Could not process rule: No such file or directory");
    const [inside = "", ...more] = rest.slice(2);
    const change = changes[`${verb} ${object}`] ?? fail(`Error: syntax error, unexpected ${verb}`);
    if (verb === "delete" && object === "table") this.tables.delete(name);
    else change(table, inside, more.join(" "));
  }

  #declare(name: string, body: readonly NftCommand[]): void {
    const table = this.tables.get(name) ?? new Table();
    this.tables.set(name, table);
    for (const { line, body: lines } of body) {
      const [kind = "", object = ""] = line.split(" ");
      table.declare(
        kind,
        object,
        (lines ?? fail("Error: syntax error")).map((each) => each.line),
      );
    }
  }
}

type Change = (table: Table, name: string, rest: string) => void;

const changes: Readonly<Record<string, Change>> = {
  "delete table": () => undefined,
  "flush set": (table, name) => table.set(name).clear(),
  "add element": (table, name, list) => {
    for (const element of elementsIn(withoutBraces(list))) table.set(name).add(element);
  },
  "delete element": (table, name, list) => {
    for (const element of elementsIn(withoutBraces(list))) table.set(name).delete(element);
  },
  "flush chain": (table, name) => {
    table.chain(name).rules = [];
  },
  "add rule": (table, name, rule) => {
    table.chain(name).rules.push(rule);
  },
  "delete chain": (table, name) => {
    table.chain(name);
    if (table.isUsed(name)) fail("Error: Could not process rule: Device or resource busy");
    table.chains.delete(name);
  },
};

const withoutBraces = (list: string): string => list.replace(/^\{/, "").replace(/\}$/, "");

/** A line, or what stands before a brace that is closed on another line, with the lines in between. */
interface NftCommand {
  readonly line: string;
  readonly body?: readonly NftCommand[];
}

/** Reads commands. Blocks have a line for each thing in them, as nft prints them. Lists may go over several lines. */
function commandsIn(text: string): NftCommand[] {
  const lines = joined(text);
  const take = (isInside: boolean): NftCommand[] => {
    const commands: NftCommand[] = [];
    for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
      if (line === "}" && isInside) return commands;
      commands.push(line.endsWith("{") ? { line: line.slice(0, -1).trim(), body: take(true) } : { line });
    }
    return isInside ? fail("Error: syntax error, unexpected end of file") : commands;
  };
  return take(false);
}

/** Gives the lines that say something, with each list on one line. */
function joined(text: string): string[] {
  const lines: string[] = [];
  let open = "";
  for (const each of text.split("\n")) {
    const line = `${open} ${each}`.replace(/\s+/g, " ").trim();
    const isList = /[={@\w] ?\{ ?[^{}]*$/.test(line) && !/^(?:table|set|chain|counter)\b[^{]*\{$/.test(line);
    if (isList && !line.includes("}")) open = line;
    else {
      open = "";
      if (line !== "") lines.push(line);
    }
  }
  return open === "" ? lines : fail("Error: syntax error, unexpected end of file");
}
