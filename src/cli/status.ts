import { type Command, Option } from "commander";
import { fetchStatus } from "../api/effects/index.ts";
import { exitCodeOf } from "../api/index.ts";
import { print, printJson } from "../system/index.ts";
import { configOption, runDirectoryOf } from "./options.ts";

export function registerStatus(program: Command): void {
  program
    .command("status")
    .description("show this node, registries, peers and refusals")
    .addOption(configOption())
    .addOption(
      new Option("-o, --output <format>", "format of the output").choices(["table", "json"]).default("table"),
    )
    .option("--all", "show all columns, and what every machine leaves out")
    .action(async (options: { config: string; output: "table" | "json"; all?: true }) => {
      const { statusText } = await import("./status-text.ts");
      const status = await fetchStatus(await runDirectoryOf(options.config));
      if (options.output === "json") printJson(status);
      else print(statusText(status, { all: options.all ?? false }));
      process.exitCode = exitCodeOf(status.work);
    });
}
