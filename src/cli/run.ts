import { type Command, Option } from "commander";
import { Daemon } from "../daemon/daemon.ts";
import { dryRun } from "../daemon/dry-run.ts";
import { configOption } from "./options.ts";

export function registerRun(program: Command): void {
  program
    .command("run")
    .description(
      "join the mesh and keep it working; ends with SIGTERM, reads the configuration again with SIGHUP",
    )
    .addOption(configOption())
    .addOption(new Option("--dry-run", "print what would be done now, and change nothing"))
    .addHelpText(
      "after",
      "\nWhen it ends, tunnels stay as they are; a new start goes on with them. To leave: kubespan down",
    )
    .action(async (options: { config: string; dryRun?: boolean }) => {
      if (options.dryRun) process.stdout.write(await dryRun(options.config));
      else await runDaemon(options.config);
    });
}

async function runDaemon(file: string): Promise<void> {
  const daemon = await Daemon.start(file);
  process.on("SIGTERM", () => void daemon.stop());
  process.on("SIGINT", () => void daemon.stop());
  process.on("SIGHUP", () => void daemon.reload());
  await daemon.ended;
}
