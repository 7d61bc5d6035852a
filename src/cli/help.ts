import type { Command } from "commander";
import { exampleText } from "./examples.ts";

/** `kubespan help gen config`: the help of a command at any depth, which commander's own looks for at the first only. */
export function registerHelp(program: Command): void {
  program
    .command("help")
    .argument("[command...]", "words that name the command, as in gen config")
    .description("print the help of a command")
    .addHelpText("after", exampleText("help"))
    .action((names: readonly string[]) => {
      commandAt(program, names).outputHelp();
    });
}

/** The `help` of a command that has only others below it, in the words of ours. */
export const groupHelp = ["help [command]", "print the help of a command"] as const;
/** Finds a command at any depth. Ends as a wrong command line does if there is none. */
export function commandAt(program: Command, names: readonly string[]): Command {
  let at = program;
  for (const name of names) {
    const next = at.commands.find((command) => command.name() === name);
    if (!next) return at.error(`error: unknown command '${name}'`);
    at = next;
  }
  return at;
}
