/** The state of the daemon's work. A process that answers does not necessarily maintain the mesh. */
export type Work =
  | { readonly state: "working" }
  | {
      /**
       * The reason why the mesh is not maintained:
       * - `starting`: no pass has ended yet
       * - `failing`: the last pass failed, or the current one does not end
       * - `stopped`: the loop runs no passes
       * - `bypassed`: the mesh is maintained, and something else sends packets of pods past it, in clear
       * - `disabled`: the configuration disables the mesh, and traffic to the other nodes leaves in clear
       */
      readonly state: "starting" | "failing" | "stopped" | "bypassed" | "disabled";
      readonly why: string;
      readonly seconds: number;
    };

/** The progress of the loop. Times are milliseconds since 1970. */
export interface Progress {
  readonly enabled: boolean;
  readonly startedAt: number;
  /** Present while the loop runs no passes: the reason, and the time since when. */
  readonly stopped?: { readonly why: string; readonly since: number } | undefined;
  /** The time at which the pass that runs at the moment began. */
  readonly passSince?: number | undefined;
  /** The failure of the last pass over everything; absent when it succeeded. */
  readonly failure?: { readonly error: string; readonly since: number } | undefined;
  readonly hasPassed: boolean;
  /** What sends packets of pods past the mesh, and the time since when it was seen. */
  readonly bypass?: { readonly why: string; readonly since: number } | undefined;
}

/**
 * A pass that takes longer counts as one that does not end. A pass takes milliseconds, or seconds on a busy machine,
 * and every tool that it runs is ended after 20 s.
 */
const longestPass = 60_000;

export function workOf(progress: Progress, now: number): Work {
  const { enabled, startedAt, stopped, passSince, failure, hasPassed, bypass } = progress;
  const age = (since: number): number => Math.max(0, Math.round((now - since) / 1000));
  if (stopped) return { state: "stopped", why: stopped.why, seconds: age(stopped.since) };
  if (failure) return { state: "failing", why: failure.error, seconds: age(failure.since) };
  if (passSince !== undefined && now - passSince > longestPass)
    return { state: "failing", why: "a look at the kernel does not end", seconds: age(passSince) };
  if (!hasPassed)
    return { state: "starting", why: "no look at the kernel has ended yet", seconds: age(startedAt) };
  if (!enabled)
    return { state: "disabled", why: "the mesh is disabled in the configuration", seconds: age(startedAt) };
  if (bypass) return { state: "bypassed", why: bypass.why, seconds: age(bypass.since) };
  return { state: "working" };
}

/** The exit code of `kubespan status`. */
export const exitCodeOf = ({ state }: Work): number =>
  state === "working" ? 0 : state === "disabled" ? 13 : 12;
