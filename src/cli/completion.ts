import { Argument, type Command } from "commander";
import { fetchResources, fetchStatus } from "../api/effects/index.ts";
import { findDaemon } from "../config/effects/index.ts";
import { print } from "../system/index.ts";
import { type FromDaemon, wordsFor } from "./completion-words.ts";
import { exampleText } from "./examples.ts";
import { defaultConfigFile } from "./options.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

export function registerCompletion(program: Command): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "shell to complete for (bash, zsh or fish)").choices(shells))
    .description("print a script that completes command lines")
    .addHelpText("after", exampleText("completion"))
    .action(async (shell: Shell) => {
      const { scripts } = await import("./completion-scripts.ts");
      print(scripts[shell]);
    });
  program
    .command("complete", { hidden: true })
    .argument("[word...]", "words of the command line so far")
    .description("print the words that may come next")
    .action(async (words: readonly string[]) => {
      const { typed, next } = wordsFor(program, words);
      const known = "words" in next ? next.words : await wordsOfDaemon(next, words).catch(() => []);
      print(
        known
          .filter((word) => word.startsWith(typed))
          .map((word) => `${word}\n`)
          .join(""),
      );
    });
}

/** Words that only the daemon knows. Without one there are none. */
async function wordsOfDaemon(asked: FromDaemon, words: readonly string[]): Promise<readonly string[]> {
  const at = words.findIndex((word) => word === "-c" || word === "--config");
  const file = at < 0 ? undefined : words[at + 1];
  const { runDirectory } = await findDaemon(file ?? defaultConfigFile);
  if (asked.daemon === "peers")
    return (await fetchStatus(runDirectory)).peers.map(({ label }) => label).toSorted();
  if (asked.daemon !== "ids")
    return (await fetchResources(runDirectory, { kind: "rd" })).items.flatMap(
      ({ spec }) => spec["aliases"] as readonly string[],
    );
  const { items } = await fetchResources(runDirectory, { kind: asked.kind });
  return items.map(({ metadata, spec }) => (typeof spec["label"] === "string" ? spec["label"] : metadata.id));
}
