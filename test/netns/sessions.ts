import type { Status } from "../../src/api/status.ts";

/** When the session with the first peer of each daemon began, in seconds since 1970. */
export const sessionStarts = (statuses: readonly Status[]): number[] =>
  statuses.map(({ peers: [peer] }) => Date.now() / 1000 - (peer?.handshakeAgeSeconds ?? 0));

/** Whether keys were renewed meanwhile. What these times are is known to the second, and asking takes some, too. */
export const isRenewed = (before: readonly number[], after: readonly number[]): boolean =>
  after.some((start, index) => start - (before[index] ?? start) > 3);
