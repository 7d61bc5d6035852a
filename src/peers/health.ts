/** What the counters of a peer's device entry have told so far. Times in milliseconds. */
export interface Health {
  /** The counters when something was last heard of the peer. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** When that was noticed; of a peer that is new to us, when it was first looked at. */
  readonly heardAt: number;
  /** When it was noticed that more than keepalives was sent since, without an answer. */
  readonly unansweredAt?: number;
  /** When a handshake of ours was answered on the path in use: it leads to the peer, whatever the counters say. */
  readonly verifiedAt?: number;
  /** When the peer told of other addresses than before. */
  readonly doubtedAt?: number;
}

/**
 * - `sound`: the peer is heard, or there is no reason yet why it should have been
 * - `suspected`: something is missing, and may still come; whether the path still leads to the peer is to be found out
 * - `silent`: whatever WireGuard does by itself to reach the peer has been in vain
 */
type Verdict = "sound" | "suspected" | "silent";

/** All in milliseconds. */
export interface HealthTimings {
  /** Since unanswered traffic was noticed. */
  readonly suspectedUnanswered: number;
  readonly silentUnanswered: number;
  /** Since anything was heard. */
  readonly suspectedQuiet: number;
  readonly silentQuiet: number;
}

/**
 * Who receives data and has none to send answers with a keepalive after 10 s; a sender that hears nothing for 15 s
 * starts a new handshake, and repeats it after 5 s. So after 25 s an unanswered peer was called three ways. Without
 * traffic there is a keepalive every 25 s: one that is missing is a suspicion, three in a row are none any more. Data in
 * one direction only is suspected wrongly until that keepalive comes; finding out costs two packets.
 */
export const healthTimings: HealthTimings = {
  suspectedUnanswered: 4_000,
  silentUnanswered: 25_000,
  suspectedQuiet: 30_000,
  silentQuiet: 90_000,
};

/** A keepalive takes 32 bytes and an initiation 148, and neither is answered with data. */
const unremarkableBytes = 180;

/** A look at the counters. One that went back was started again: whatever was known is void. */
export function lookAtHealth(
  before: Health | undefined,
  { receivedBytes, sentBytes }: { readonly receivedBytes: number; readonly sentBytes: number },
  now: number,
): Health {
  const isNews = before?.receivedBytes !== receivedBytes || sentBytes < before.sentBytes;
  if (!before || isNews) return { receivedBytes, sentBytes, heardAt: now };
  const isUnanswered = sentBytes - before.sentBytes > unremarkableBytes;
  return isUnanswered && before.unansweredAt === undefined ? { ...before, unansweredAt: now } : before;
}

/** The peer answered a handshake on the path in use. Data that stays unanswered all the same is a session that is lost. */
export const verified = (health: Health, at: number): Health => ({ ...health, verifiedAt: at });

export function verdictOf(health: Health, now: number, timings: HealthTimings): Verdict {
  const { heardAt, unansweredAt = now, verifiedAt = 0 } = health;
  if (now - unansweredAt >= timings.silentUnanswered || now - heardAt >= timings.silentQuiet) return "silent";
  const quiet = now - Math.max(heardAt, verifiedAt);
  const unanswered = now - Math.max(unansweredAt, verifiedAt);
  if (unanswered >= timings.suspectedUnanswered || quiet >= timings.suspectedQuiet) return "suspected";
  return "sound";
}
