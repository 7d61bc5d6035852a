/** The passes of one scope since the daemon started. */
interface Count {
  readonly passes: number;
  readonly failures: number;
  readonly seconds: number;
}

export type PassCounts = Readonly<Record<string, Count>>;

/** The counts of a daemon that has made no pass. Every scope is there from the start, so that its first failure is seen as a rise. */
export const noPasses: PassCounts = Object.fromEntries(
  ["peers", "registries", "everything"].map((scope) => [scope, { passes: 0, failures: 0, seconds: 0 }]),
);

/** Counts one more pass. */
export function withPass(counts: PassCounts, scope: string, seconds: number, hasFailed: boolean): PassCounts {
  const { passes, failures, seconds: before } = counts[scope] ?? { passes: 0, failures: 0, seconds: 0 };
  const count = { passes: passes + 1, failures: failures + Number(hasFailed), seconds: before + seconds };
  return { ...counts, [scope]: count };
}
