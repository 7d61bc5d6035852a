import { type Command, Option } from "commander";
import { fetchStatus, isAbsence } from "../api/effects/index.ts";
import { exitCodeOf } from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import { exists, print, printJson } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, daemonOf } from "./options.ts";
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
      const { runDirectory, interfaceName } = await daemonOf(options.config);
      const status = await fetchStatus(runDirectory).catch((error: unknown) => told(error, interfaceName));
      const peer = name === undefined ? undefined : peerNamed(status, name);
      if (options.output === "json") printJson(peer ?? status);
      else if (peer) print(peerText(status, peer));
      else print(statusText(status, { all: options.all ?? false }));
      process.exitCode = exitCodeOf(status.work);
    });
}

/** Tells, where no daemon answers, that the tunnels of its last run are there all the same. */
async function told(error: unknown, interfaceName: string): Promise<never> {
  const isLeft =
    error instanceof KubespanError &&
    isAbsence(error.cause) &&
    (await exists(`/sys/class/net/${interfaceName}`));
  if (!isLeft) throw error;
  throw new KubespanError("unavailable", `${error.message}, and the link ${interfaceName} is there`, {
    hint: "its tunnels go on without a daemon: 'kubespan run' takes them over, 'kubespan down' takes them down",
    cause: error,
  });
}
