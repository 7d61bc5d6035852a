import type { Logger } from "pino";
import { errorText } from "../base/index.ts";
import { endTrial, readTrial, trialConfig, withKeptSecret } from "../config/effects/index.ts";
import type { Config } from "../config/index.ts";
import { checkReload, readAgain } from "./reload.ts";

/** A daemon that begins takes what was confirmed: if it ended during a trial, the trial may be the reason. */
export const forgetTrial = endTrial;

/** The configurations that are only tried, and given up after a time unless somebody confirms them. */
export class Trials {
  readonly #file: string;
  readonly #log: Logger;
  readonly #reload: () => void;
  #text: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `reload` makes the daemon read its configuration again. */
  constructor(file: string, log: Logger, reload: () => void) {
    this.#file = file;
    this.#log = log;
    this.#reload = reload;
  }

  /** The configuration to use from now on: the one that is to be tried, or else the one in its usual place. */
  async next(before: Config): Promise<Config> {
    return (await this.#tried(before)) ?? readAgain(this.#file, before, this.#log);
  }

  async #tried(before: Config): Promise<Config | undefined> {
    const { runDirectory } = before;
    const trial = await readTrial(runDirectory);
    if (!trial) {
      this.close();
      return undefined;
    }
    try {
      const { config } = await withKeptSecret(trialConfig(trial, `${this.#file} (tried)`));
      checkReload(before, config);
      // Reading the same one again does not prolong it.
      if (trial.text !== this.#text) this.#begin(trial.text, trial.seconds, runDirectory);
      return config;
    } catch (error) {
      await endTrial(runDirectory);
      throw error;
    }
  }

  #begin(text: string, seconds: number, runDirectory: string): void {
    this.close();
    this.#text = text;
    this.#log.warn(`a configuration is being tried, for ${seconds} s unless it is confirmed`);
    this.#timer = setTimeout(() => void this.#giveUp(runDirectory), seconds * 1000);
  }

  async #giveUp(runDirectory: string): Promise<void> {
    try {
      if (await endTrial(runDirectory)) this.#log.warn("nobody confirmed the configuration that was tried");
      this.#reload();
    } catch (error) {
      this.#log.error(`the trial of a configuration did not end: ${errorText(error)}`);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#text = undefined;
  }
}
