import type { Command } from "commander";
import { requestLogLevel } from "../api/effects/index.ts";
import { print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

export function registerLogLevel(program: Command): void {
  program
    .command("log-level")
    .argument("[level]", "level to set (fatal, error, warn, info, debug or trace)")
    .description("print or set the level of the daemon's log")
    .addOption(configOption())
    .addHelpText(
      "after",
      `\nThe level holds until the configuration is read again or the daemon ends.\n${exampleText("log-level")}`,
    )
    .action(async (level: string | undefined, options: { config: string }) => {
      const report = await requestLogLevel(await runDirectoryOf(options.config), level);
      print(
        report.before === undefined ? `${report.level}\n` : `${report.level} (before: ${report.before})\n`,
      );
    });
}
