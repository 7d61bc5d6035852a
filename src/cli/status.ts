import { type Command, Option } from "commander";
import { fetchStatus } from "../api/effects/index.ts";
import { exitCodeOf } from "../api/index.ts";
import { print, printJson } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";
import { peerNamed } from "./peer-named.ts";

interface Options {
  readonly config: string;
  readonly output: "table" | "json";
  readonly all?: true;
}

export function registerStatus(program: Command): void {
  program
    .command("status")
    .argument("[peer]", "peer to show in full: name, node id or address")
    .description("show this node, registries, peers and refusals")
    .addOption(configOption())
    .addOption(
      new Option("-o, --output <format>", "format of the output").choices(["table", "json"]).default("table"),
    )
    .option("--all", "show all columns, and what every machine leaves out")
    .addHelpText("after", exampleText("status"))
    .action(async (name: string | undefined, options: Options) => {
      const { statusText } = await import("./status-text.ts");
      const { peerText } = await import("./peer-text.ts");
      const status = await fetchStatus(await runDirectoryOf(options.config));
      const peer = name === undefined ? undefined : peerNamed(status, name);
      if (options.output === "json") printJson(peer ?? status);
      else if (peer) print(peerText(status, peer));
      else print(statusText(status, { all: options.all ?? false }));
      process.exitCode = exitCodeOf(status.work);
    });
}
