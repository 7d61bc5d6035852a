import type { Command } from "commander";
import { checkPrivilege, loadBarrierLoader } from "../daemon/index.ts";
import { createLogger, print, run } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { groupHelp } from "./help.ts";
import { configOption } from "./options.ts";

export function registerBarrier(program: Command): void {
  program
    .command("barrier")
    .description("load the barrier that stands while no daemon runs")
    .helpCommand(...groupHelp)
    .command("load")
    .description("refuse traffic to the members of the last run")
    .addOption(configOption())
    .addHelpText(
      "after",
      [
        "\nRun this before the network comes up, so that nothing leaves in clear meanwhile.",
        "Traffic to members is refused until the daemon runs. 'kubespan down' removes the",
        "barrier. Where the configuration cannot be read, that of the last run counts,",
        "and the command fails after it has loaded the barrier.",
        exampleText("barrier load"),
      ].join("\n"),
    )
    .action(async (options: { config: string }) => {
      await checkPrivilege("barrier load");
      const { configOrLast, loadBarrier } = await loadBarrierLoader();
      const { config, problem } = await configOrLast(options.config);
      const done = await loadBarrier(config, { run, log: createLogger({ ...config.log, level: "warn" }) });
      for (const step of done) print(`${step}\n`);
      if (done.length === 0) print("there was nothing to load\n");
      // The node is closed by what it had last, and the command fails all the same: no daemon will start.
      if (problem !== undefined) throw problem;
    });
}
