/** Whether the daemon does its work: a process that answers is not yet one that keeps the mesh. */
export type Work =
  | { readonly state: "working" }
  | {
      /**
       * - `starting`: no pass has ended yet
       * - `failing`: the last pass failed, or one does not end
       * - `stopped`: there are no passes
       * - `disabled`: the configuration says so; there is no mesh, and what goes to the other nodes is in clear
       */
      readonly state: "starting" | "failing" | "stopped" | "disabled";
      readonly why: string;
      readonly seconds: number;
    };

/** What is known of the passes. Times are milliseconds since 1970. */
export interface Progress {
  readonly enabled: boolean;
  readonly startedAt: number;
  /** Why there are none at the moment. */
  readonly stopped?: { readonly why: string; readonly since: number } | undefined;
  /** Since when one has been under way. */
  readonly passSince?: number | undefined;
  /** Of the last one that says something about everything. */
  readonly failure?: { readonly error: string; readonly since: number } | undefined;
  readonly hasPassed: boolean;
}

/** A pass takes milliseconds, seconds on a busy machine; every tool it runs is ended after 20 s. */
const longestPass = 60_000;

export function workOf(progress: Progress, now: number): Work {
  const { enabled, startedAt, stopped, passSince, failure, hasPassed } = progress;
  const age = (since: number): number => Math.max(0, Math.round((now - since) / 1000));
  if (stopped) return { state: "stopped", why: stopped.why, seconds: age(stopped.since) };
  if (failure) return { state: "failing", why: failure.error, seconds: age(failure.since) };
  if (passSince !== undefined && now - passSince > longestPass)
    return { state: "failing", why: "a look at the kernel does not end", seconds: age(passSince) };
  if (!hasPassed)
    return { state: "starting", why: "no look at the kernel has ended yet", seconds: age(startedAt) };
  if (!enabled)
    return { state: "disabled", why: "the mesh is disabled in the configuration", seconds: age(startedAt) };
  return { state: "working" };
}

/** Of `kubespan status`. */
export const exitCodeOf = ({ state }: Work): number =>
  state === "working" ? 0 : state === "disabled" ? 13 : 12;
