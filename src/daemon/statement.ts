import type { ObservedNotice } from "../members/index.ts";
import type { Endpoint } from "../net/index.ts";

/** An endpoint at which a member sees this node, with the times since when and at which it said so. */
interface Place {
  readonly endpoint: Endpoint;
  readonly since: number;
  readonly at: number;
}

/** The statement of one member that counts, and the newer one that counts after a while. Times are in milliseconds. */
export interface Statement extends Place {
  /** The number of the last notice: one that was held back on its way must not replace a newer one. */
  readonly number: number;
  /** The time of the last notice. */
  readonly heardAt: number;
  /** The time at which the statement last became another one. */
  readonly newsAt: number;
  readonly next?: Place;
}

/** The least milliseconds between two pieces of news of one member, each of which makes this node announce itself anew. */
const newsEveryMs = 30_000;

/** The statement after a notice. One that comes too early waits: the pass after its time takes it in. */
export function heardFrom(
  before: Statement | undefined,
  { number, endpoint, seconds }: Pick<ObservedNotice, "number" | "endpoint" | "seconds">,
  now: number,
): Statement {
  if (before && number <= before.number) return before;
  const place = { endpoint, since: Math.max(0, now - seconds * 1000), at: now };
  if (!before) return { ...place, number, heardAt: now, newsAt: now };
  const { next: _next, ...present } = settled(before, now);
  const heard = { ...present, number, heardAt: now };
  if (endpoint === present.endpoint)
    return { ...heard, at: now, since: Math.min(present.since, place.since) };
  return isDue(present, now) ? { ...heard, ...place, newsAt: now } : { ...heard, next: place };
}

/** The statement that counts now. */
export function settled(statement: Statement, now: number): Statement {
  const { next, ...present } = statement;
  return next && isDue(present, now) ? { ...present, ...next, newsAt: now } : statement;
}

/** Whether the member may tell news again. A clock that was set back makes nobody wait. */
const isDue = ({ newsAt }: Statement, now: number): boolean => now < newsAt || now - newsAt >= newsEveryMs;
