import type { Command } from "commander";
import { print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { commandAt } from "./help.ts";

/** `kubespan man gen config`: the manual page of a command, made of what its help is made of. */
export function registerMan(program: Command): void {
  program
    .command("man")
    .argument("[command...]", "words that name the command, as in gen config")
    .description("print the manual page of a command")
    .addHelpText("after", exampleText("man"))
    .action(async (names: readonly string[]) => {
      const { manPage } = await import("./man-text.ts");
      print(manPage(commandAt(program, names)));
    });
}
