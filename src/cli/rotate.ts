import type { Command } from "commander";
import { requestRotateKey } from "../api/effects/index.ts";
import { print } from "../system/index.ts";
import { configOption, runDirectoryOf } from "./options.ts";

export function registerRotate(program: Command): void {
  const rotate = program.command("rotate").description("replace a key by a new one");
  rotate
    .command("key")
    .description("give this node another WireGuard key")
    .addOption(configOption())
    .addHelpText(
      "after",
      [
        "\nThe other nodes hold the new key before this one takes it, so traffic between",
        "connected nodes stops for less than a second. Nodes that are not connected, and",
        "Talos nodes, learn of it by way of the registries; so one has to be connected.",
        "Node id, addresses and networks stay as they are. Rotate one node at a time.",
        "\nExamples:",
        "  kubespan rotate key                a new key, when the old one may be known",
      ].join("\n"),
    )
    .action(async (options: { config: string }) => {
      const rotated = await requestRotateKey(await runDirectoryOf(options.config));
      print(`The key of this node is ${rotated.publicKey} now\n`);
      if (rotated.asked > 0) print(`${rotated.heard} of ${rotated.asked} connected nodes use it already\n`);
      if (rotated.missed.length > 0) print("\nBy way of the registries it comes to:\n");
      for (const { label, reason } of rotated.missed) print(`  ${label}: ${reason}\n`);
    });
}
