import type { Command } from "commander";
import { requestForget } from "../api/effects/index.ts";
import { complain, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

export function registerForget(program: Command): void {
  program
    .command("forget")
    .argument("<node>", "name or id of the node, or network")
    .description("let go of a node that is gone for good")
    .addOption(configOption())
    .addHelpText(
      "after",
      "\nAll nodes that are connected to this one are asked to forget the node too,\n" +
        "and the discovery services tell new nodes of it no longer. A network is let go\n" +
        `here if status names it as one whose owner is not known.\n${exampleText("forget")}`,
    )
    .action(async (node: string, options: { config: string }) => {
      const {
        label,
        asked,
        heard,
        problems = [],
      } = await requestForget(await runDirectoryOf(options.config), node);
      print(`${label} is forgotten here\n`);
      if (asked > 0) print(`${heard} of ${asked} connected nodes heard that they should forget it too\n`);
      for (const problem of problems) complain(`warning: ${problem}\n`);
      if (problems.length > 0) complain(`new nodes hear of ${label} there for up to half an hour\n`);
    });
}
