import { type Heard, limits } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import type { Member, Members } from "./member.ts";

/**
 * A time that is past on every machine on which this program runs. A machine without a real-time clock begins at 1970,
 * or some years back.
 */
const past = Date.UTC(2022, 0, 1);

/** What is known of this node's clock, which may be wrong until an NTP server has been heard. */
export interface ClockFacts {
  /** The time at which this node last wrote its ledger, in milliseconds since 1970; 0 if it never did. */
  readonly lastRanAt: number;
  /** The number of sealed announcements that are heard, and of those that are dated far ahead of this clock. */
  readonly announcements: number;
  readonly ahead: number;
}

/** Tells whether a clock is certainly behind: it shows a time that this node knows to be past. */
export const isClockBehind = ({ lastRanAt }: Pick<ClockFacts, "lastRanAt">, now: number): boolean =>
  now < Math.max(past, lastRanAt);

/** The numbers of sealed announcements, and of those that are dated further ahead of a clock than is believed. */
export function datedAhead(
  heard: readonly Heard[],
  now: number,
): Pick<ClockFacts, "announcements" | "ahead"> {
  const numbers = heard.flatMap(({ sealed }) => sealed?.membership?.number ?? []);
  return {
    announcements: numbers.length,
    ahead: numbers.filter((number) => number > now + limits.aheadMs).length,
  };
}

/** The warning about a clock that is behind, or that is probably so, since most announcements are dated ahead of it. */
export function clockWarnings(facts: ClockFacts, now: number): Warning[] {
  const { lastRanAt, announcements, ahead } = facts;
  const shown = `this node's clock shows ${new Date(now).toISOString()}`;
  const cure =
    "set it (date, NTP); until then TLS may find certificates not valid yet, and connected nodes ignore handshakes that " +
    "this node begins";
  if (isClockBehind(facts, now)) {
    const known = lastRanAt > past ? `, before ${new Date(lastRanAt).toISOString()}, when it last ran` : "";
    return [
      { who: "the clock", what: `${shown}${known}: announcements are taken whatever their date; ${cure}` },
    ];
  }
  if (ahead === 0 || ahead * 2 < announcements) return [];
  const what = `${shown}, and ${ahead} of ${announcements} announcements are dated more than a day ahead of it and are refused: ${cure}`;
  return [{ who: "the clock", what }];
}

/** The difference in milliseconds from which a clock was set, and did not merely drift. */
export const setByMs = 60_000;

/**
 * Moves the beginnings of absences along with a clock that was set by so many milliseconds. Otherwise a clock that is
 * corrected from 1970 would make every absence as long as half a century, and release members.
 */
export function afterClockSet(members: Members, byMs: number): Members {
  if (Math.abs(byMs) < setByMs) return members;
  return new Map(
    [...members].map(([nodeId, member]): [string, Member] => [
      nodeId,
      member.standing === "absent" ? { ...member, since: Math.max(0, member.since + byMs) } : member,
    ]),
  );
}
