import type { Logger } from "pino";
import { errorText, type Step } from "../base/index.ts";
import type { Plan } from "../mesh/index.ts";
import { writeSavedSysctls } from "../routing/effects/index.ts";
import type { Runner } from "../system/index.ts";

/** The means by which the daemon carries out plans and logs them. */
export interface Hands {
  readonly run: Runner;
  readonly log: Logger;
  readonly stateDirectory: string;
}

/** The failures with which a plan goes on, as texts: those that concern single peers, and settings of the host. */
export interface FailedSteps {
  readonly peers: readonly string[];
  readonly settings: readonly string[];
}

/**
 * Carries a plan out. A step that fails ends it: what was done stays, and the next pass observes and goes on from
 * there. A failure without which the mesh can do ends nothing, and is returned as text. The original settings are on
 * disk before the first of them is changed.
 */
export async function applyPlan(
  { run, log, stateDirectory }: Hands,
  { steps, sysctls }: Plan,
): Promise<FailedSteps> {
  if (sysctls.saveBefore) await writeSavedSysctls(stateDirectory, sysctls.saveBefore);
  const failures = await applySteps(run, log, steps);
  // What was not restored has to be known to whoever tries again.
  if (sysctls.saveAfter && failures.settings.length === 0)
    await writeSavedSysctls(stateDirectory, sysctls.saveAfter);
  return failures;
}

/** Carries steps out; gives the failures with which the plan goes on. */
export async function applySteps(run: Runner, log: Logger, steps: readonly Step[]): Promise<FailedSteps> {
  const [peers, settings]: [string[], string[]] = [[], []];
  for (const step of steps) {
    const isSetting = step.apart === "a setting";
    if (!isSetting) log.info({ stage: step.stage }, step.text);
    try {
      for (const command of step.commands) await run(command);
      if (isSetting) log.info({ stage: step.stage }, step.text); // one that fails is tried in each pass, and told once
    } catch (error) {
      if (isSetting) settings.push(`${step.text}: ${errorText(error)}`);
      else if (step.apart === undefined || isOfDevice(error)) throw error;
      else if (step.apart !== "one peer") peers.push(...(await applySteps(run, log, step.apart)).peers);
      else {
        peers.push(`${step.text}: ${errorText(error)}`);
        log.error(`not done: ${step.text}: ${errorText(error)}`);
      }
    }
  }
  return { peers, settings };
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
export function failureText({ peers: failures }: FailedSteps): string | undefined {
  if (failures.length === 0) return undefined;
  const more = failures.length > mostNamed ? `; and ${failures.length - mostNamed} more` : "";
  return `not all peers could be set: ${failures.slice(0, mostNamed).join("; ")}${more}`;
}
