import { type Command, Option } from "commander";
import { requestDown } from "../api/effects/index.ts";
import type { Down } from "../api/index.ts";
import { type LoadedConfig, loadConfig } from "../config/effects/index.ts";
import { checkPrivilege, takeDown } from "../daemon/index.ts";
import { forgetIdentity } from "../identity/effects/index.ts";
import { complain, forgetCompiled, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

export function registerDown(program: Command): void {
  program
    .command("down")
    .description("leave the mesh and remove traces from the kernel")
    .addOption(configOption())
    .addOption(new Option("--forget-identity", "delete the keys too and return as a new node"))
    .addHelpText("after", exampleText("down"))
    .action(async (options: { config: string; forgetIdentity?: boolean }) => {
      const loaded = loadConfig(options.config);
      loaded.catch(() => undefined); // it is awaited where it is needed
      try {
        sayDown(await down(options.config, loaded));
      } finally {
        // A damaged identity keeps the mesh from being taken down, and this is its cure.
        if (options.forgetIdentity) await forget((await loaded).config.stateDirectory);
      }
    });
}

async function forget(stateDirectory: string): Promise<void> {
  if (await forgetIdentity(stateDirectory)) print("the identity is deleted\n");
  await forgetCompiled(stateDirectory);
}

export function sayDown({ steps, warnings }: Down): void {
  for (const warning of warnings) complain(`kubespan: warning: ${warning}\n`);
  for (const step of steps) print(`${step}\n`);
  if (steps.length === 0) print("there was nothing to remove\n");
}

/** A running daemon takes the mesh down itself, since two processes that change the same table would undo each other's work. */
export async function down(file: string, loaded: Promise<LoadedConfig>): Promise<Down> {
  const done = await requestDown(await runDirectoryOf(file));
  if (done) return done;
  await checkPrivilege("down");
  return takeDown((await loaded).config);
}
