import { type Command, Option } from "commander";
import { checkPrivilege, loadDaemon, loadDryRun } from "../daemon/index.ts";
import { print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption } from "./options.ts";

/** The time that unfinished work may take after the daemon has ended. */
const graceMs = 5_000;

export function registerRun(program: Command): void {
  program
    .command("run")
    .description("run the daemon that joins and maintains the mesh")
    .addOption(configOption())
    .addOption(new Option("--dry-run", "print the plan of the first pass and change nothing"))
    .addHelpText(
      "after",
      [
        "\nSIGHUP makes the daemon read the configuration again. SIGTERM and SIGINT end the",
        "daemon and leave the tunnels working; the next start takes the tunnels over. To",
        "leave the mesh, run 'kubespan down'.",
        exampleText("run"),
      ].join("\n"),
    )
    .action(async (options: { config: string; dryRun?: boolean }) => {
      if (options.dryRun) await printPlan(options.config);
      else await runDaemon(options.config);
    });
}

async function printPlan(file: string): Promise<void> {
  await checkPrivilege("run --dry-run");
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
    // A process whose daemon has ended must not look alive, whatever still keeps it.
    setTimeout(() => process.exit(), graceMs).unref();
  }
}
