import type { Wrong } from "./patience.ts";
import { type Talk, talk } from "./talk.ts";
import { type MonitoringTimings, monitoringTimings, unremarkableBytes } from "./timings.ts";

/** What the counters of a peer's device entry have told so far. Times in milliseconds. */
export interface Counters {
  /** The counters when something was last received of the peer. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** The time at which that was noticed; of a peer that is new to this daemon, of its first poll. */
  readonly receivedAt: number;
  /** The time at which more than keepalives was last received. */
  readonly busyAt?: number;
  /** The time at which it was noticed that more than keepalives was sent since, without an answer. */
  readonly unansweredAt?: number;
  /** The time at which a handshake of ours was answered on the path in use: that leads to the peer, whatever is counted. */
  readonly verifiedAt?: number;
  /** The time at which the peer told of other addresses than before. */
  readonly doubtedAt?: number;
  /** The time that an answer to the data may take; the usual time where it is absent. */
  readonly patienceMs?: number;
  readonly talk?: Talk;
  readonly wrong?: Wrong;
}

/**
 * - `sound`: the peer is heard, or there is no reason yet why it should have been
 * - `doubtful`: something is missing, and may still come; whether the path still leads to the peer is to be found out
 * - `silent`: whatever WireGuard does by itself to reach the peer has been in vain
 */
export type Verdict = "sound" | "doubtful" | "silent";

/** What one poll adds. A counter that went back was started again: whatever was known is void. */
export function count(
  before: Counters | undefined,
  { receivedBytes, sentBytes }: { readonly receivedBytes: number; readonly sentBytes: number },
  now: number,
): Counters {
  const isNews = before?.receivedBytes !== receivedBytes || sentBytes < before.sentBytes;
  if (!before || isNews) {
    const isBusy = before !== undefined && receivedBytes - before.receivedBytes > unremarkableBytes;
    const busyAt = isBusy ? now : before?.busyAt;
    const isAnew =
      before === undefined || receivedBytes < before.receivedBytes || sentBytes < before.sentBytes;
    return {
      receivedBytes,
      sentBytes,
      receivedAt: now,
      ...(busyAt !== undefined && { busyAt }),
      ...(!isAnew && { talk: talk(before.talk, before, { receivedBytes, sentBytes }, now) }),
      ...(before?.wrong && { wrong: before.wrong }),
    };
  }
  const isUnanswered = sentBytes - before.sentBytes > unremarkableBytes;
  return isUnanswered && before.unansweredAt === undefined ? { ...before, unansweredAt: now } : before;
}

/** The peer answered a handshake on the path in use. Data that stays unanswered all the same is a session that is lost. */
export const verified = (counters: Counters, at: number): Counters => ({ ...counters, verifiedAt: at });

/** With `isShort`, keepalives of this node come so often that the peer sends none. */
export function verdictOf(
  counters: Counters,
  now: number,
  timings: MonitoringTimings = monitoringTimings,
  isShort = false,
): Verdict {
  const {
    receivedAt,
    unansweredAt = now,
    verifiedAt = 0,
    patienceMs = timings.doubtfulUnansweredMs,
  } = counters;
  const silentQuietMs = isShort ? timings.silentQuietShortMs : timings.silentQuietMs;
  if (now - unansweredAt >= timings.silentUnansweredMs || now - receivedAt >= silentQuietMs) return "silent";
  const quiet = now - Math.max(receivedAt, verifiedAt);
  const unanswered = now - Math.max(unansweredAt, verifiedAt);
  const isDoubtful = unanswered >= patienceMs || quiet >= timings.doubtfulQuietMs;
  return isDoubtful ? "doubtful" : "sound";
}

/** This node lost an address at `shakenAt`, or the peer has others, and nothing was received since. */
export function isShaken({ doubtedAt = 0, receivedAt, verifiedAt = 0 }: Counters, shakenAt = 0): boolean {
  const at = Math.max(shakenAt, doubtedAt);
  return at > 0 && at >= Math.max(receivedAt, verifiedAt);
}
