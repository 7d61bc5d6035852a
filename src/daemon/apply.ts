import type { Logger } from "pino";
import type { Decision, Plan } from "../mesh/index.ts";
import { writeSavedSysctls } from "../routing/effects/saved-sysctls.ts";
import type { Runner } from "../system/run.ts";
import type { Step } from "../system/step.ts";

/** The daemon's hands: how a plan is carried out and told about. */
export interface Hands {
  readonly run: Runner;
  readonly log: Logger;
  readonly stateDirectory: string;
}

/**
 * Carries a plan out. A step that fails stops it: what was done stays, and the next pass observes and goes on from
 * there. The original settings are on disk before the first one is changed.
 */
export async function applyPlan(
  { run, log, stateDirectory }: Hands,
  { steps, sysctls }: Plan,
): Promise<void> {
  if (sysctls.saveBefore) await writeSavedSysctls(stateDirectory, sysctls.saveBefore);
  await applySteps(run, log, steps);
  if (sysctls.saveAfter) await writeSavedSysctls(stateDirectory, sysctls.saveAfter);
}

export async function applySteps(run: Runner, log: Logger, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    log.info({ stage: step.stage }, step.text);
    for (const command of step.commands) await run(command);
  }
}

/** Peers that are reached elsewhere, and why. */
export function tellChanges(log: Logger, { changed }: Decision["tracked"]): void {
  for (const { label, from, to, reason } of changed)
    log.info(`${label} is reached at ${to}, no longer at ${from}: ${reason}`);
}
