import type { Command } from "commander";
import { loadConfig } from "../config/effects/index.ts";
import { loadBarrierLoader } from "../daemon/index.ts";
import { createLogger, print, run } from "../system/index.ts";
import { configOption } from "./options.ts";

export function registerBarrier(program: Command): void {
  program
    .command("barrier")
    .description("what keeps traffic for the mesh from leaving in clear while no daemon runs")
    .command("load")
    .description("close this node by what it steered last, without a daemon; before the network is up, say")
    .addOption(configOption())
    .addHelpText("after", "\nTraffic to members is refused until the daemon runs. To undo it: kubespan down")
    .action(async (options: { config: string }) => {
      const { loadBarrier } = await loadBarrierLoader();
      const { config } = await loadConfig(options.config);
      const done = await loadBarrier(config, run, createLogger({ ...config.log, level: "warn" }));
      for (const step of done) print(`${step}\n`);
      if (done.length === 0) print("there was nothing to load\n");
    });
}
