import type { Command } from "commander";
import { loadConfig } from "../config/effects/index.ts";
import { print } from "../system/index.ts";
import { down, sayDown } from "./down.ts";
import { exampleText } from "./examples.ts";
import { configOption } from "./options.ts";

export function registerLeave(program: Command): void {
  program
    .command("leave")
    .description("leave for good: down, and no start at boot")
    .addOption(configOption())
    .addHelpText(
      "after",
      [
        "\nTells the other nodes, removes every trace from the kernel, and disables the",
        "services. Configuration and identity stay, as does a discovery service on this",
        "node, which others may need.",
        exampleText("leave"),
      ].join("\n"),
    )
    .action(async ({ config }: { config: string }) => {
      const loaded = loadConfig(config);
      loaded.catch(() => undefined); // it is awaited where it is needed
      sayDown(await down(config, loaded));
      await disable();
    });
}

async function disable(): Promise<void> {
  const { disableUnits, hasUnits, isActive, units } = await import("../joining/effects/index.ts");
  if (!(await hasUnits())) {
    print("systemd has no service of kubespan here: if something else starts it, take that away\n");
    return;
  }
  await disableUnits(units.daemon, units.barrier);
  print(`disabled ${units.daemon}, ${units.barrier}\n`);
  if (await isActive(units.discovery))
    print(
      `The discovery service of this node goes on. When no node needs it any more, run:\n` +
        `  systemctl disable --now ${units.discovery}\n`,
    );
}
