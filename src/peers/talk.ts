import { talkTimings } from "./doubt-timings.ts";
import { unremarkableBytes } from "./timings.ts";

interface Bytes {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Data that goes both ways, as the counters show it. Whoever talks soon misses an answer, so the peer is polled more often. */
export interface Talk extends Bytes {
  /** The time at which counting began, in milliseconds; the bytes are the counters before. */
  readonly since: number;
  /** The time at which data was last found to go both ways. */
  readonly at?: number;
}

/** What news of a peer add: `before` and `seen` are the counters at the news before and now. */
export function talk(known: Talk | undefined, before: Bytes, seen: Bytes, now: number): Talk {
  const isOver = known === undefined || now - known.since >= talkTimings.windowMs;
  const { since, receivedBytes, sentBytes } = isOver ? { since: now, ...before } : known;
  const isTwoWay =
    seen.receivedBytes - receivedBytes > unremarkableBytes && seen.sentBytes - sentBytes > unremarkableBytes;
  const at = isTwoWay ? now : known?.at;
  return { since, receivedBytes, sentBytes, ...(at !== undefined && { at }) };
}

/** Whether data goes both ways now. */
export const isTalking = (known: Talk | undefined, now: number): boolean =>
  known?.at !== undefined && now - known.at < talkTimings.lastsMs;
