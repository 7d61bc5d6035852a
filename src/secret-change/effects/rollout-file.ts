import { join } from "node:path";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import { readTextFile, removeStateFile, writeAtomically } from "../../system/index.ts";
import type { Rollout } from "../rollout.ts";
import { largestRollout, parseRollout, rolloutText } from "../rollout-text.ts";

/** The file of the node that leads a change of the secret, with which it goes on after a restart. */
export class RolloutFile {
  readonly #path: string;
  /** The rollout that was found at the start. */
  readonly found: Rollout | undefined;

  static async open(stateDirectory: string, log: Logger): Promise<RolloutFile> {
    const path = join(stateDirectory, "secret-rollout.json");
    return new RolloutFile(path, await read(path, log));
  }

  private constructor(path: string, found: Rollout | undefined) {
    this.#path = path;
    this.found = found;
  }

  /** Writes the rollout, or removes the file when nothing is left of it. */
  async keep(rollout: Rollout | undefined): Promise<void> {
    if (rollout) await writeAtomically(this.#path, rolloutText(rollout), { mode: 0o600 });
    else await removeStateFile(this.#path);
  }
}

async function read(path: string, log: Logger): Promise<Rollout | undefined> {
  const hint = "'kubespan rotate secret' begins a change of the cluster secret anew";
  try {
    const file = await readTextFile(path, { largest: largestRollout, code: "state", hint });
    const rollout = file && parseRollout(file.text);
    if (file && !rollout) log.warn(`${path} is damaged: ${hint}`);
    return rollout;
  } catch (error) {
    log.warn(errorText(error));
    return undefined;
  }
}
