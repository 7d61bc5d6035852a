import type { Logger } from "pino";
import type { Step } from "../base/index.ts";
import { errorText } from "../base/index.ts";
import type { Plan } from "../mesh/index.ts";
import { writeSavedSysctls } from "../routing/effects/index.ts";
import type { Runner } from "../system/index.ts";

/** The means by which the daemon carries out plans and logs them. */
export interface Hands {
  readonly run: Runner;
  readonly log: Logger;
  readonly stateDirectory: string;
}

/**
 * Carries a plan out. A step that fails ends it: what was done stays, and the next pass observes and goes on from
 * there. A failure that concerns one peer alone ends nothing, and is returned as text. The original settings are on
 * disk before the first of them is changed.
 */
export async function applyPlan(
  { run, log, stateDirectory }: Hands,
  { steps, sysctls }: Plan,
): Promise<string[]> {
  if (sysctls.saveBefore) await writeSavedSysctls(stateDirectory, sysctls.saveBefore);
  const failures = await applySteps(run, log, steps);
  if (sysctls.saveAfter) await writeSavedSysctls(stateDirectory, sysctls.saveAfter);
  return failures;
}

/** Carries steps out; gives the failures that concern single peers. */
export async function applySteps(run: Runner, log: Logger, steps: readonly Step[]): Promise<string[]> {
  const failures: string[] = [];
  for (const step of steps) {
    log.info({ stage: step.stage }, step.text);
    try {
      for (const command of step.commands) await run(command);
    } catch (error) {
      if (step.apart === undefined || isOfDevice(error)) throw error;
      if (step.apart !== "one peer") failures.push(...(await applySteps(run, log, step.apart)));
      else {
        failures.push(`${step.text}: ${errorText(error)}`);
        log.error(`not done: ${step.text}: ${errorText(error)}`);
      }
    }
  }
  return failures;
}

/**
 * Whether an error concerns the whole device, for example because the link went away or wg is not there. Then no peer
 * can be set, and trying each of them would only take time. Where the kernel has no WireGuard, wg says of a
 * wireguard-go that has ended that the protocol is not supported.
 */
const isOfDevice = (error: unknown): boolean =>
  /No such device|Protocol not supported|not permitted|is not installed/.test(errorText(error));

const mostNamed = 5;

/** The text of `status` about these failures; `undefined` if nothing failed. */
export function failureText(failures: readonly string[]): string | undefined {
  if (failures.length === 0) return undefined;
  const more = failures.length > mostNamed ? `; and ${failures.length - mostNamed} more` : "";
  return `not all peers could be set: ${failures.slice(0, mostNamed).join("; ")}${more}`;
}
