import { type MonitoringTimings, monitoringTimings } from "./timings.ts";

/** What the counters of a peer's device entry have told so far. Times in milliseconds. */
export interface Counters {
  /** The counters when something was last received of the peer. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** When that was noticed; of a peer that is new to us, when it was first polled. */
  readonly receivedAt: number;
  /** When it was noticed that more than keepalives was sent since, without an answer. */
  readonly unansweredAt?: number;
  /** When a handshake of ours was answered on the path in use: it leads to the peer, whatever the counters say. */
  readonly verifiedAt?: number;
  /** When the peer told of other addresses than before. */
  readonly doubtedAt?: number;
}

/**
 * - `sound`: the peer is heard, or there is no reason yet why it should have been
 * - `doubtful`: something is missing, and may still come; whether the path still leads to the peer is to be found out
 * - `silent`: whatever WireGuard does by itself to reach the peer has been in vain
 */
export type Verdict = "sound" | "doubtful" | "silent";

/** A keepalive takes 32 bytes and an initiation 148, and neither is answered with data. */
const unremarkableBytes = 180;

/** What one poll adds. A counter that went back was started again: whatever was known is void. */
export function count(
  before: Counters | undefined,
  { receivedBytes, sentBytes }: { readonly receivedBytes: number; readonly sentBytes: number },
  now: number,
): Counters {
  const isNews = before?.receivedBytes !== receivedBytes || sentBytes < before.sentBytes;
  if (!before || isNews) return { receivedBytes, sentBytes, receivedAt: now };
  const isUnanswered = sentBytes - before.sentBytes > unremarkableBytes;
  return isUnanswered && before.unansweredAt === undefined ? { ...before, unansweredAt: now } : before;
}

/** The peer answered a handshake on the path in use. Data that stays unanswered all the same is a session that is lost. */
export const verified = (counters: Counters, at: number): Counters => ({ ...counters, verifiedAt: at });

export function verdictOf(
  counters: Counters,
  now: number,
  timings: MonitoringTimings = monitoringTimings,
): Verdict {
  const { receivedAt, unansweredAt = now, verifiedAt = 0 } = counters;
  if (now - unansweredAt >= timings.silentUnansweredMs || now - receivedAt >= timings.silentQuietMs)
    return "silent";
  const quiet = now - Math.max(receivedAt, verifiedAt);
  const unanswered = now - Math.max(unansweredAt, verifiedAt);
  const isDoubtful = unanswered >= timings.doubtfulUnansweredMs || quiet >= timings.doubtfulQuietMs;
  return isDoubtful ? "doubtful" : "sound";
}

/** This node lost an address at `shakenAt`, or the peer has others, and nothing was received since. */
export function isShaken({ doubtedAt = 0, receivedAt, verifiedAt = 0 }: Counters, shakenAt = 0): boolean {
  const at = Math.max(shakenAt, doubtedAt);
  return at > 0 && at >= Math.max(receivedAt, verifiedAt);
}
