import type { Command } from "commander";

/** `kubespan help gen config`: the help of a command at any depth, which commander's own looks for at the first only. */
export function registerHelp(program: Command): void {
  program
    .command("help")
    .argument("[command...]", "words that name the command, as in gen config")
    .description("print the help of a command")
    .action((names: readonly string[]) => {
      let at = program;
      for (const name of names) {
        const next = at.commands.find((command) => command.name() === name);
        if (!next) at.error(`error: unknown command '${name}'`);
        else at = next;
      }
      at.outputHelp();
    });
}

/** The `help` of a command that has only others below it, in the words of ours. */
export const groupHelp = ["help [command]", "print the help of a command"] as const;
