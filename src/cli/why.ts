import { type Command, Option } from "commander";
import { fetchWhy } from "../api/effects/index.ts";
import type { Why } from "../api/index.ts";
import { print, printJson } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

/** The exit code of `kubespan why`. */
export const exitCodeOf = ({ differences }: Pick<Why, "differences">): number =>
  differences.length === 0 ? 0 : 17;

export function registerWhy(program: Command): void {
  program
    .command("why")
    .argument("<address>", "IP address for which packets are meant")
    .description("tell where packets for an address go, and why")
    .addOption(configOption())
    .addOption(
      new Option("-o, --output <format>", "format of the output").choices(["table", "json"]).default("table"),
    )
    .addHelpText(
      "after",
      `\nThe kernel is asked, too. The exit code is 17 if it does otherwise than decided.\n${exampleText("why")}`,
    )
    .action(async (address: string, options: { config: string; output: "table" | "json" }) => {
      const { whyText } = await import("./why-text.ts");
      const why = await fetchWhy(await runDirectoryOf(options.config), address);
      if (options.output === "json") printJson(why);
      else print(whyText(why));
      process.exitCode = exitCodeOf(why);
    });
}
