import type { ObservedPeer } from "../wireguard/index.ts";

/** The bytes of a peer in each direction. */
interface Bytes {
  readonly received: number;
  readonly sent: number;
}

/**
 * What is remembered of a peer so that an operator can be told how it is and how it came to that. WireGuard's own entry
 * does not last: each dial makes it anew, and with it the last handshake and the counters. Times in milliseconds.
 */
export interface History {
  readonly isUp: boolean;
  /** The time since which it is up, or is not up. */
  readonly since: number;
  /** Whether it was up before, since this daemon runs. */
  readonly wasUp: boolean;
  /** The reason why it was lost; absent while it is up, and if it never was. */
  readonly why?: string;
  /** The time at which something was last received of it, as far as this daemon knows. */
  readonly heardAt?: number;
  readonly handshakeAt?: number;
  /** The counters at the last poll, and the sums of the entries that WireGuard had before. */
  readonly bytes: Bytes;
  readonly earlier: Bytes;
  /** The handshakes that were sent since something is missing of it, and the answers to them. */
  readonly asked: number;
  readonly answered: number;
  /** The last that the log was told of it. */
  readonly told: "nothing" | "up" | "suspected" | "down";
}

const none: Bytes = { received: 0, sent: 0 };

const nobody: History = {
  isUp: false,
  since: 0,
  wasUp: false,
  bytes: none,
  earlier: none,
  asked: 0,
  answered: 0,
  told: "nothing",
};

/** What one poll adds, apart from what the log is told: the peer's entry, its connection, and the handshakes sent to it. */
export function recall(
  before: History | undefined,
  { phase }: { readonly phase: string },
  { observed, asked }: { readonly observed: ObservedPeer | undefined; readonly asked: number },
  now: number,
): History {
  const known = before ?? { ...nobody, since: now };
  const isUp = phase !== "connecting";
  const isMissing = phase === "connecting" || phase === "doubted";
  const entry = withEntry(known, observed, before === undefined, now);
  const isTurn = isUp !== known.isUp;
  return {
    ...entry,
    isUp,
    since: isTurn ? now : known.since,
    wasUp: known.wasUp || isUp,
    asked: isMissing ? known.asked + asked : 0,
    answered: isMissing ? known.answered : 0,
  };
}

/** What WireGuard's entry adds. Of a peer that is new here it is not known when the bytes came that are counted. */
function withEntry(known: History, observed: ObservedPeer | undefined, isNew: boolean, now: number): History {
  const {
    receivedBytes: received = 0,
    sentBytes: sent = 0,
    handshakeAt = known.handshakeAt,
  } = observed ?? {};
  const isAnew = received < known.bytes.received || sent < known.bytes.sent;
  const earlier = isAnew ? sum(known.earlier, known.bytes) : known.earlier;
  const isHeard = received > (isAnew ? 0 : known.bytes.received);
  const heardAt = !isHeard ? known.heardAt : isNew ? handshakeAt : now;
  const isSame = received === known.bytes.received && sent === known.bytes.sent;
  return {
    ...known,
    earlier,
    bytes: isSame ? known.bytes : { received, sent },
    ...(heardAt !== undefined && { heardAt }),
    ...(handshakeAt !== undefined && { handshakeAt }),
  };
}

const sum = (one: Bytes, other: Bytes): Bytes => ({
  received: one.received + other.received,
  sent: one.sent + other.sent,
});

/** The bytes of the peer since this daemon knows it, however often WireGuard was told of it anew. */
export const bytesOf = ({ earlier, bytes }: History): Bytes => sum(earlier, bytes);

/** An answer to a race, of a peer of which something is missing. */
export const withAnswered = (history: History): History => ({ ...history, answered: history.answered + 1 });
