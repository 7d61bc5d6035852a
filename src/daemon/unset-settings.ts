import type { Logger } from "pino";
import type { Warning } from "../marks/index.ts";
import type { Upkeep } from "../mesh/index.ts";
import type { FailedSteps } from "./apply.ts";

/** The settings of the host that could not be set, such as where /proc/sys is read-only in a container. */
export class UnsetSettings {
  readonly #log: Logger;
  #failures: readonly string[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Notes the end of a plan. One that did not look at the settings says nothing about them. */
  passed(upkeep: readonly Upkeep[], { settings }: FailedSteps): void {
    if (upkeep.every(({ part }) => part !== "settings")) return;
    for (const failure of settings) if (!this.#failures.includes(failure)) this.#log.warn(textOf(failure));
    this.#failures = settings;
  }

  /** The parts that were carried out. A setting that cannot be set was not put back. */
  kept(upkeep: readonly Upkeep[]): readonly Upkeep[] {
    return this.#failures.length === 0 ? upkeep : upkeep.filter(({ part }) => part !== "settings");
  }

  get warnings(): readonly Warning[] {
    return this.#failures.map((failure) => ({ who, what: whatOf(failure) }));
  }
}

const who = "a setting of the host";

const whatOf = (failure: string): string =>
  `could not be set, and the mesh goes on without it: set it on the host, or let this program write to /proc/sys: ${failure}`;

const textOf = (failure: string): string => `${who} ${whatOf(failure)}`;
