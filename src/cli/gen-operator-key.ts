import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { KubespanError, Secret } from "../base/index.ts";
import { complain, createAtomically, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { readOperatorKey } from "./operator.ts";

interface Options {
  readonly output: string;
  readonly public?: string;
}

/** `kubespan gen operator-key` makes the key with which an operator evicts nodes. */
export function registerGenOperatorKey(gen: Command): void {
  gen
    .command("operator-key")
    .description("make the key with which nodes are evicted")
    .option("-o, --output <file>", "file to write", "operator.key")
    .option("--public <file>", "print the public part of a key again")
    .addHelpText(
      "after",
      [
        "\nKeep the file where no node is: who has it decides who is kept out. What is",
        "printed belongs into the configuration of every node.",
        exampleText("gen operator-key"),
      ].join("\n"),
    )
    .action(genOperatorKey);
}

async function genOperatorKey(options: Options): Promise<void> {
  const { operatorKeyOf, operatorKeyText } = await import("../eviction/index.ts");
  const key =
    options.public === undefined ? new Secret(randomBytes(32)) : await readOperatorKey(options.public);
  if (options.public === undefined) {
    const written = await createAtomically(options.output, operatorKeyText(key), {
      mode: 0o600,
      owner: "writer",
    });
    if (!written)
      throw new KubespanError("conflict", `${options.output} exists already`, {
        hint: "its key may be in use; choose another --output, or print its public part with --public",
      });
    complain(`Wrote ${options.output}. On every node, in KubeSpanDaemonConfig:\n`);
  }
  print(`operatorKeys: ["${operatorKeyOf(key)}"]\n`);
}
