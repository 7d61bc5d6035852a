import { fetchStatus } from "../api/effects/index.ts";
import { KubespanError } from "../base/index.ts";
import { endTrial, readTrial, replaceConfig, trialConfig, writeTrial } from "../config/effects/index.ts";
import { print, readTextFile } from "../system/index.ts";
import { runDirectoryOf } from "./options.ts";
import { standardInput } from "./standard-input.ts";

/** The ways in which a changed configuration comes into use. */
export interface ApplyOptions {
  readonly mode: "auto" | "staged" | "try";
  readonly timeout: number;
}

const largestPatch = 1024 * 1024;

/** The text of a configuration, which need not be valid: it may be edited to mend it. */
export async function configText(path: string): Promise<string> {
  const hint = "'kubespan init' and 'kubespan gen config' make one";
  const file = await readTextFile(path, { largest: largestPatch, code: "config", hint });
  if (file) return file.text;
  throw new KubespanError("config", `there is no configuration file ${path}`, { hint });
}

/** Checks a changed configuration, and brings it into use in the way that was asked for. */
export async function applyConfig(
  file: string,
  before: string,
  after: string,
  { mode, timeout }: ApplyOptions,
): Promise<void> {
  const config = trialConfig({ text: after, seconds: timeout }, file);
  if (after === before) {
    print("nothing was changed\n");
    return;
  }
  const pid = mode === "staged" ? undefined : await daemonWith(file);
  if (mode === "try" && pid === undefined)
    throw new KubespanError("unavailable", "no daemon runs that could try the configuration", {
      hint: "start it, or leave out --mode try",
    });
  if (pid !== undefined) {
    const { checkReload } = await (await import("../daemon/index.ts")).loadReload();
    checkReload(trialConfig({ text: before, seconds: timeout }, file), config);
  }
  if (mode === "try") await writeTrial(config.runDirectory, { text: after, seconds: timeout });
  else await replaceConfig(file, after);
  if (pid !== undefined) process.kill(pid, "SIGHUP");
  if (mode === "try")
    print(`The daemon tries it for ${timeout} s. To keep it, run: kubespan config confirm\n`);
  else print(`wrote ${file}${pid === undefined ? "" : "; the daemon uses it now"}\n`);
}

/** Puts the configuration that is being tried in its usual place. */
export async function confirmTrial(file: string): Promise<void> {
  const runDirectory = await runDirectoryOf(file);
  const { pid } = (await fetchStatus(runDirectory)).node; // no daemon tries nothing
  const trial = await readTrial(runDirectory);
  if (!trial)
    throw new KubespanError("usage", "no configuration is being tried", {
      hint: "its time is over, or the daemon was started again since: then the one before counts",
    });
  await replaceConfig(file, trial.text);
  await endTrial(runDirectory);
  process.kill(pid, "SIGHUP");
  print(`wrote ${file}\n`);
}

/** The process id of the daemon that runs with a configuration; `undefined` if none does. */
async function daemonWith(file: string): Promise<number | undefined> {
  try {
    return (await fetchStatus(await runDirectoryOf(file))).node.pid;
  } catch (error) {
    if (error instanceof KubespanError && error.code === "unavailable") return undefined;
    throw error;
  }
}

/** The text of a patch: of a file, or for `-` of standard input. */
export const readPatch = (source: string): Promise<string> =>
  source === "-" ? standardInput("patch", largestPatch) : patchIn(source);

async function patchIn(path: string): Promise<string> {
  const hint = "give a file with documents in YAML, or with a JSON patch";
  const file = await readTextFile(path, { largest: largestPatch, code: "usage", hint });
  if (file) return file.text;
  throw new KubespanError("usage", `there is no file ${path}`, { hint });
}
