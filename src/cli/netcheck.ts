import { type Command, Option } from "commander";
import { fetchNetcheck } from "../api/effects/index.ts";
import type { Netcheck } from "../api/index.ts";
import { print, printJson } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

/** The exit code of `kubespan netcheck`. */
export const exitCodeOf = ({
  ipv4,
  ipv6,
}: Record<"ipv4" | "ipv6", Pick<Netcheck["ipv4"], "udp">>): number => {
  const found = new Set([ipv4.udp, ipv6.udp]);
  return found.has("blocked") && !found.has("works") ? 18 : 0;
};

export function registerNetcheck(program: Command): void {
  program
    .command("netcheck")
    .description("tell what the network lets this node do")
    .addOption(configOption())
    .addOption(
      new Option("-o, --output <format>", "format of the output").choices(["table", "json"]).default("table"),
    )
    .addHelpText("after", `\nThe exit code is 18 if no UDP packet comes back.\n${exampleText("netcheck")}`)
    .action(async (options: { config: string; output: "table" | "json" }) => {
      const { netcheckText } = await import("./netcheck-text.ts");
      const found = await fetchNetcheck(await runDirectoryOf(options.config));
      if (options.output === "json") printJson(found);
      else print(netcheckText(found));
      process.exitCode = exitCodeOf(found);
    });
}
