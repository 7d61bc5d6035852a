import { type Command, Option } from "commander";
import { loadDaemon, loadDryRun } from "../daemon/index.ts";
import { print } from "../system/index.ts";
import { configOption } from "./options.ts";

/** How long what is under way may take when the daemon has ended, in milliseconds. */
const graceMs = 5_000;

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
      if (options.dryRun) await printPlan(options.config);
      else await runDaemon(options.config);
    });
}

async function printPlan(file: string): Promise<void> {
  const { dryRun } = await loadDryRun();
  print(await dryRun(file));
}

async function runDaemon(file: string): Promise<void> {
  const { Daemon } = await loadDaemon();
  const daemon = await Daemon.start(file);
  process.on("SIGTERM", () => void daemon.stop());
  process.on("SIGINT", () => void daemon.stop());
  process.on("SIGHUP", () => void daemon.reload());
  try {
    await daemon.ended;
  } finally {
    // Whatever may still hold the process: a daemon that has ended must not look alive.
    setTimeout(() => process.exit(), graceMs).unref();
  }
}
