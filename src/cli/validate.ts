import type { Command } from "commander";
import { loadConfig } from "../config/effects/index.ts";
import { configSummary } from "../config/index.ts";
import { complain, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";

/** `kubespan validate FILE` tells what a configuration means, or everything that is wrong in it. */
export function registerValidate(program: Command): void {
  program
    .command("validate")
    .description("check a configuration and explain the settings")
    .argument("<file>", "configuration file to check")
    .addHelpText("after", exampleText("validate"))
    .action(async (file: string) => {
      const { config, warnings } = await loadConfig(file);
      print(`${file} is valid.\n${configSummary(config)}`);
      for (const warning of warnings) complain(`warning: ${warning}\n`);
    });
}
