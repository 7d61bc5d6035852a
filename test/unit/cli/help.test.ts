import type { Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { exitCodeOf as exitCodeOfWork } from "../../../src/api/index.ts";
import { type ErrorCode, KubespanError } from "../../../src/base/index.ts";
import { exitCodeOf as exitCodeOfConnectivity } from "../../../src/cli/connectivity.ts";
import { actingExamples, examples } from "../../../src/cli/examples.ts";
import { exitCodes } from "../../../src/cli/exit-codes.ts";
import { createProgram } from "../../../src/cli/index.ts";
import { notUpExitCode } from "../../../src/cli/join.ts";
import { exitCodeOf as exitCodeOfNetcheck } from "../../../src/cli/netcheck.ts";
import { exitCodeOf as exitCodeOfPing } from "../../../src/cli/ping.ts";
import { exitCodeOf as exitCodeOfWhy } from "../../../src/cli/why.ts";
import { exitCodeOf as exitCodeOfFindings } from "../../../src/doctor/index.ts";
import { exitCodeOf as exitCodeOfMarks } from "../../../src/marks/index.ts";
import { textOf } from "../structure/source.ts";

const columns = 80;
const fewestWords = 3;

/** Words with which a line begins that says less than it should: it only makes sense after another line. */
const dependent =
  /^(?:a|an|the|how|what|where|when|which|why|who|whether|and|or|but|with|without|for|of|in|on|at|to|by|from|also|as|if|only|so|this|that|these|those|every|each|all|any|again|further)$/;
const pronoun =
  /\b(?:it|its|they|them|their|theirs|he|she|his|her|we|our|ours|same|ditto|above|below|former|latter)\b/i;

interface Line {
  readonly command: string;
  readonly term: string;
  readonly text: string;
  /** The column at which the text of the list begins, in the help as it is printed. */
  readonly column: number;
}

const commandsOf = (command: Command): Command[] => [command, ...command.commands.flatMap(commandsOf)];

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

/** The lists in the help of a command: its arguments, options and subcommands, each with what is said about it. */
function linesOf(command: Command): Line[] {
  const help = command.createHelp();
  const column = help.padWidth(command, help) + 4;
  const line = (term: string, text: string): Line => ({ command: pathOf(command), term, text, column });
  return [
    ...help.visibleArguments(command).map((each) => line(help.argumentTerm(each), each.description)),
    ...help.visibleOptions(command).map((each: Option) => line(help.optionTerm(each), each.description)),
    ...help
      .visibleCommands(command)
      .map((each) => line(help.subcommandTerm(each), help.subcommandDescription(each))),
  ];
}

const commands = commandsOf(createProgram());
const lines = commands.flatMap(linesOf);

test("all commands and their options are walked", () => {
  expect(commands.length).toBeGreaterThan(12);
  expect(lines.length).toBeGreaterThan(50);
});

describe.each(lines)("$command: $term", ({ term, text, column }) => {
  test("stands alone", () => {
    const words = text.split(/\s+/);
    expect(words.length, text).toBeGreaterThanOrEqual(fewestWords);
    expect(words[0]).toMatch(/^[A-Za-z][A-Za-z-]*$/);
    expect(words[0]?.toLowerCase()).not.toMatch(dependent);
    expect(text).not.toMatch(pronoun);
    expect(text).not.toMatch(/[.:;,]$/);
  });

  test("fits one line beside its term", () => {
    expect(text).not.toContain("\n");
    expect(column).toBeGreaterThan(term.length);
    expect(column + text.length, text).toBeLessThanOrEqual(columns);
  });
});

test.each(commands.map((command) => [pathOf(command), command] as const))(
  "the help of %s is 80 columns wide and names what a command is for",
  (_, command) => {
    let text = "";
    command.configureOutput({
      writeOut: (piece) => {
        text += piece;
      },
      getOutHelpWidth: () => columns,
    });
    command.outputHelp();
    expect(text.split("\n").filter((line) => line.length > columns)).toEqual([]);
    expect(command.description()).not.toBe("");
    expect(text).toContain(`Usage: ${pathOf(command)}`);
  },
);

test.each([
  ["", "kubespan"],
  ["run --dryrun", "kubespan run"],
  ["discovery serve --listen nowhere", "kubespan discovery serve"],
])("a wrong command line %j is answered with the help to read: %s", async (args, path) => {
  let text = "";
  const program = createProgram();
  for (const each of commandsOf(program))
    each.exitOverride().configureOutput({
      writeErr: (piece) => {
        text += piece;
      },
    });
  await expect(
    program.parseAsync(["--nothing", ...args.split(" ")].slice(args === "" ? 0 : 1), { from: "user" }),
  ).rejects.toThrow();
  expect(text).toContain(`(see ${path} --help)`);
});

describe("exit codes", () => {
  const table = /^\| exit code \|.*\n\|[-|]+\|\n((?:\|.*\n)+)/m.exec(textOf("docs/commands.md"))?.[1] ?? "";
  const rows = [...table.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, text = ""]) => [
    Number(code),
    text.replaceAll("`", ""),
  ]);

  test("the help and docs/commands.md have one table", () => {
    expect(Object.fromEntries(rows)).toEqual(exitCodes);
    let help = "";
    const program = createProgram().configureOutput({
      writeOut: (piece) => {
        help += piece;
      },
    });
    program.outputHelp();
    for (const [code, text] of Object.entries(exitCodes))
      expect(help).toMatch(new RegExp(String.raw`^ {2}${code} +${text}$`, "m"));
  });

  test("the table has all codes that the program ends with, and no others", () => {
    const errors: Record<ErrorCode, true> = {
      usage: true,
      config: true,
      state: true,
      privilege: true,
      conflict: true,
      command: true,
      discovery: true,
      unavailable: true,
    };
    const used = [
      0,
      1,
      ...Object.keys(errors).map((code) => new KubespanError(code as ErrorCode, "").exitCode),
      ...(["ok", "note", "warning", "error"] as const).map((severity) =>
        exitCodeOfFindings([{ id: "", severity, text: "", evidence: "" }]),
      ),
      ...(["working", "disabled", "failing"] as const).map((state) =>
        exitCodeOfWork({ state } as Parameters<typeof exitCodeOfWork>[0]),
      ),
      exitCodeOfPing(false),
      exitCodeOfNetcheck({ ipv4: { udp: "blocked" }, ipv6: { udp: "unknown" } }),
      exitCodeOfConnectivity([{ result: "fail" }]),
      exitCodeOfWhy({ differences: [""] }),
      exitCodeOfMarks([{ source: "", who: "", bits: 1, what: "" }]),
      notUpExitCode,
      126, // of bin/kubespan, before the program begins
    ];
    expect([...new Set(used)].toSorted((a, b) => a - b)).toEqual(Object.keys(exitCodes).map(Number));
  });
});

test("docs/commands.md names every command, and who takes --config", () => {
  const page = textOf("docs/commands.md");
  const leaves = commands.filter((command) => command.commands.length === 0);
  expect(leaves.length).toBeGreaterThan(8);
  expect(leaves.map(pathOf).filter((path) => !page.includes(`\n| \`${path}`))).toEqual([]);
  const [, said = ""] = /^(`run`.*) take `--config FILE`/m.exec(page) ?? [];
  const named = [...said.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => `kubespan ${name}`);
  const takers = leaves.filter(({ options }) => options.some(({ long }) => long === "--config"));
  expect(named.toSorted()).toEqual(takers.map(pathOf).toSorted());
});

test("docs/discovery.md names every option of the discovery service", () => {
  const page = textOf("docs/discovery.md");
  const serve = commands.find((command) => pathOf(command) === "kubespan discovery serve");
  const options = serve?.options.map(({ long }) => long ?? "") ?? [];
  expect(options.length).toBeGreaterThan(15);
  expect(options.filter((long) => !page.includes(`\`${long}`) && long !== "--log-format")).toEqual([]);
});

const helpOf = async (...args: string[]): Promise<string> => {
  let text = "";
  const program = createProgram();
  const write = (piece: string): void => {
    text += piece;
  };
  for (const each of commandsOf(program))
    each.exitOverride().configureOutput({ writeErr: write, writeOut: write });
  await program.parseAsync(["help", ...args], { from: "user" }).catch(() => undefined);
  return text;
};

const exampleLines = (all: typeof examples) =>
  Object.fromEntries(Object.entries(all).map(([name, each]) => [name, each.map(([line]) => line)]));

test("the help of each command ends with its examples, all of which tests run", async () => {
  const shown: Record<string, string[]> = {};
  for (const command of commands.filter((each) => each.commands.length === 0)) {
    const path = pathOf(command).split(" ").slice(1);
    if (path[0] === "complete") continue; // it is for the scripts of shells, and hidden
    const [, text = ""] = (await helpOf(...path)).split("\nExamples:\n");
    shown[path.join(" ")] = text
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/)[0] ?? "");
  }
  expect(shown).toEqual({ ...exampleLines(examples), ...exampleLines(actingExamples) });
});

describe("kubespan help", () => {
  test.each([
    [[], /^Usage: kubespan \[options\]/],
    [["status"], /^Usage: kubespan status/],
    [["gen", "config"], /^Usage: kubespan gen config/],
    [["nothing"], /^error: unknown command 'nothing'\n+\(see kubespan --help\)/],
    [["gen", "nothing"], /^error: unknown command 'nothing'\n+\(see kubespan gen --help\)/],
  ])("%j", async (args, expected) => {
    expect(await helpOf(...args)).toMatch(expected);
  });
});
