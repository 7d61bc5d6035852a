import type { Command } from "commander";
import { requestRotateKey } from "../api/effects/index.ts";
import { print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { operatorsConfig, readOperatorKey } from "./operator.ts";
import { configOption, runDirectoryOf } from "./options.ts";
import { rotateSecret, withinOption } from "./rotate-secret.ts";

export function registerRotate(program: Command): void {
  const rotate = program.command("rotate").description("replace a key or the cluster secret");
  rotate
    .command("secret")
    .description("give the whole cluster another secret, as an operator")
    .addOption(configOption())
    .requiredOption("-k, --key <file>", "file with the key of an operator, or - for stdin")
    .addOption(withinOption())
    .addHelpText(
      "after",
      [
        "\nThis node brings the new secret to the members that it knows now, through their",
        "tunnels. All accept it, then all seal with it, then the old one is forgotten: as",
        "soon as all have it, or after --within at the latest. Traffic goes on meanwhile.",
        "Who misses it is named, and 'kubespan status' on this node shows who still does.",
        "Tokens that are printed afterwards have the new secret. Not with Talos nodes,",
        "whose secret is in their own configuration.",
        exampleText("rotate secret"),
      ].join("\n"),
    )
    .action(async (options: { config: string; key: string; within: number }) => {
      const key = await readOperatorKey(options.key);
      await rotateSecret(await operatorsConfig(options.config, key), key, options.within);
    });
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
        exampleText("rotate key"),
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
