import type { Logger } from "pino";
import type { Status } from "../api/index.ts";
import type { Step } from "../base/index.ts";
import { type Part, repairsIn, type Upkeep } from "../mesh/index.ts";
import type { FailedSteps } from "./apply.ts";
import { UnsetSettings } from "./unset-settings.ts";

/** Counts and logs what others changed and the daemon put back, for as long as the daemon runs. */
export class Repairs {
  readonly #log: Logger;
  readonly #counts: Record<Part, number> = { table: 0, routing: 0, link: 0, settings: 0 };
  readonly #settings: UnsetSettings;
  readonly #wanted = new Map<Part, unknown>();

  constructor(log: Logger) {
    this.#log = log;
    this.#settings = new UnsetSettings(log);
  }

  get counts(): Status["repairs"] {
    return { ...this.#counts };
  }

  /** The warnings about settings of the host that could not be set. */
  get unset(): Status["warnings"] {
    return this.#settings.warnings;
  }

  /** Notes that a plan was carried out, but for these failures. A part that was missing before the mesh is whole is no repair. */
  passed(upkeep: readonly Upkeep[], isWhole: boolean, failures: FailedSteps): void {
    this.#settings.passed(upkeep, failures);
    for (const { part, steps } of repairsIn(this.#settings.kept(upkeep), this.#wanted))
      this.made(part, steps);
    if (isWhole) for (const { part, wanted } of upkeep) this.#wanted.set(part, wanted);
  }

  made(part: Part, steps: readonly Step[]): void {
    if (steps.length === 0) return;
    const repairs = ++this.#counts[part];
    const texts = steps.map(({ text }) => text).join("; ");
    this.#log.warn({ part, repairs }, `put back what somebody else had changed: ${texts}`);
  }

  /** Forgets what was wanted, because the mesh is taken down. */
  forget(): void {
    this.#wanted.clear();
  }
}
