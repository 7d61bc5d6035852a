import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { errorText, KubespanError } from "../base/index.ts";
import { trialConfig } from "../config/effects/index.ts";
import { complain, runOnTerminal, writeAtomically } from "../system/index.ts";
import { configText } from "./config-apply.ts";

/**
 * Lets the operator edit a copy until it is valid, and gives its text; `undefined` if nothing was changed. The copy is
 * in a folder of this user alone, as it holds the secret, and goes whatever happens.
 */
export async function edited(text: string, file: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "kubespan-edit-"));
  try {
    const copy = join(folder, "config.yaml");
    await writeAtomically(copy, text, { mode: 0o600, owner: "writer" });
    for (;;) {
      await openEditor(copy);
      const after = await configText(copy);
      if (after === text) return undefined;
      try {
        trialConfig({ text: after, seconds: 1 }, file);
        return after;
      } catch (error) {
        if (!(error instanceof KubespanError) || !process.stdin.isTTY) throw error;
        await askToGoOn(error);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openEditor(copy: string): Promise<void> {
  const editor = process.env["VISUAL"] || process.env["EDITOR"] || "vi";
  // The variable may hold options, too. No shell takes it apart, so that nothing in it is ever a command line.
  const [program = "vi", ...options] = editor.trim().split(/\s+/);
  const { exitCode } = await runOnTerminal(program, [...options, copy]);
  if (exitCode === 0) return;
  throw new KubespanError("usage", `the editor '${editor}' ended with ${exitCode ?? "a signal"}`, {
    hint: "nothing was changed; set VISUAL or EDITOR to another editor",
  });
}

async function askToGoOn(error: KubespanError): Promise<void> {
  complain(`kubespan: ${errorText(error)}\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    await terminal.question("Press Enter to edit it again, or Ctrl-C to give up. ");
  } finally {
    terminal.close();
  }
}
