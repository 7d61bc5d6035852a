import type { Command, Option } from "commander";
import { logLevels } from "../config/index.ts";

/** Words that only the daemon knows: the names of peers, the kinds of resources, or the ids of one kind. */
export type FromDaemon =
  | { readonly daemon: "peers" | "kinds" }
  | { readonly daemon: "ids"; readonly kind: string };

/** The word that is being typed, and the words that it may become. */
export interface Completion {
  readonly typed: string;
  readonly next: { readonly words: readonly string[] } | FromDaemon;
}

/** Tells what the last of these words may become. The words are those after the name of the program. */
export function wordsFor(program: Command, words: readonly string[]): Completion {
  const typed = words.at(-1) ?? "";
  let command = program;
  const given: string[] = [];
  let valueOf: Option | undefined;
  for (const word of words.slice(0, -1)) {
    const option: Option | undefined = valueOf
      ? undefined
      : command.options.find(({ short, long }) => word === short || word === long);
    const isValue = valueOf !== undefined;
    valueOf = option && takesValue(option) ? option : undefined;
    if (isValue || option || word.startsWith("-")) continue;
    const next: Command | undefined = given.length === 0 ? commandNamed(command, word) : undefined;
    if (next) command = next;
    else given.push(word);
  }
  if (valueOf) return { typed, next: { words: valueOf.argChoices ?? [] } };
  if (typed.startsWith("-")) return { typed, next: { words: optionsOf(command) } };
  const names = visible(command).map((each) => each.name());
  return {
    typed,
    next: names.length > 0 && given.length === 0 ? { words: names } : argument(command, given),
  };
}

const takesValue = ({ required, optional }: Option): boolean => required || optional;

const commandNamed = (command: Command, name: string): Command | undefined =>
  command.commands.find((each) => each.name() === name);

const visible = (command: Command): readonly Command[] => command.createHelp().visibleCommands(command);

const optionsOf = (command: Command): string[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? []);

/** The words for an argument. What it is called tells where they come from. */
function argument(command: Command, given: readonly string[]): Completion["next"] {
  const wanted = command.registeredArguments[given.length];
  if (!wanted) return { words: [] };
  if (wanted.argChoices) return { words: wanted.argChoices };
  const [kind] = given;
  switch (wanted.name()) {
    case "peer":
    case "node":
      return { daemon: "peers" };
    case "kind":
      return { daemon: "kinds" };
    case "id":
      return kind === undefined ? { words: [] } : { daemon: "ids", kind };
    case "level":
      return { words: logLevels };
    default:
      return { words: [] };
  }
}
