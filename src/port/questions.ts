import { type Family, type HostPort, hostPortText } from "../net/index.ts";

/** A STUN server over one family, and how it answered. Times are in milliseconds. */
export interface Asked {
  readonly server: HostPort;
  readonly family: Family;
  /** Whether it is asked at once, because something has changed. */
  readonly isDue: boolean;
  readonly askedAt: number;
  /** The questions in a row that were not answered. */
  readonly silent: number;
}

/**
 * The milliseconds between two questions to any server while nothing changes: the interval of WireGuard's keepalives,
 * so that the mapping that is told stays alive.
 */
const everyMs = 25_000;
/** Each unanswered question doubles the wait for the next one to the same server, up to 13 minutes. */
const mostDoublings = 5;
/** The milliseconds between two times at which one server's news make all others be asked. */
export const newsEveryMs = 5 * 60_000;
/** The least milliseconds between two times at which all are asked because the paths of this node have changed. */
export const askAllEveryMs = 10_000;

export const nameOf = ({ server, family }: Pick<Asked, "server" | "family">): string =>
  `${hostPortText(server)} ${family}`;

/** The servers to follow, with what is known of those that were followed before. New ones are due. */
export const followed = (servers: readonly HostPort[], before: readonly Asked[]): readonly Asked[] => {
  const known = new Map(before.map((each) => [nameOf(each), each]));
  const all = servers.flatMap((server) => ([4, 6] as const).map((family) => ({ server, family })));
  const fresh = { isDue: true, askedAt: 0, silent: 0 };
  return [...new Map(all.map((each) => [nameOf(each), each])).values()].map(
    (each) => known.get(nameOf(each)) ?? { ...each, ...fresh },
  );
};

/** All servers are due, but for one that has just been asked. */
export const allDue = (asked: readonly Asked[], except?: string): readonly Asked[] =>
  asked.map((each) => (nameOf(each) === except ? each : { ...each, isDue: true }));

/** Whom to ask now, and the milliseconds until the next look. */
interface Turn {
  readonly now: readonly Asked[];
  readonly waitMs: number;
}

/**
 * The servers to ask: all that are due, or else, 25 s after the last question to any of them, the one whose turn it is.
 * So however many there are, one packet leaves in 25 s while nothing changes.
 */
export function turnOf(asked: readonly Asked[], now: number): Turn {
  const due = asked.filter(({ isDue }) => isDue);
  if (due.length > 0) return { now: due, waitMs: 0 };
  const last = Math.max(0, ...asked.map(({ askedAt }) => askedAt));
  const [first] = asked.toSorted((left, right) => turnAt(left) - turnAt(right));
  if (!first) return { now: [], waitMs: everyMs };
  const waitMs = Math.max(last + everyMs, turnAt(first)) - now;
  return waitMs > 0 ? { now: [], waitMs } : { now: [first], waitMs: 0 };
}

const turnAt = ({ askedAt, silent }: Asked): number =>
  askedAt + everyMs * 2 ** Math.min(silent, mostDoublings);

/** A server that is being asked from now on. */
export const asking = (asked: Asked, now: number): Asked => ({ ...asked, askedAt: now, isDue: false });

/**
 * What becomes of a server that was asked. One that was heard of and is silent now is due again, with more tries: the
 * packet may have been lost, or the path may be another.
 */
export const afterAnswer = (asked: Asked, wasDue: boolean, isAnswered: boolean): Asked => ({
  ...asked,
  silent: isAnswered ? 0 : asked.silent + 1,
  isDue: asked.isDue || (!isAnswered && asked.silent === 0 && !wasDue),
});
