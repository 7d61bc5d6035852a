import type { ObservedDevice } from "../wireguard/index.ts";
import type { Counters } from "./counters.ts";
import { monitoringTimings, unremarkableBytes } from "./timings.ts";

/**
 * What the host gave to the link, beside what WireGuard says that it sent to all peers together. In userspace WireGuard
 * does not count packets that a firewall of this node refuses on their way out: nothing seems to be sent, so no peer seems
 * to leave anything unanswered.
 */
export interface Outflow {
  /** The counters when WireGuard was last seen to send something. */
  readonly givenBytes: number;
  readonly sentBytes: number;
  /** The time at which it was noticed that data was given since, and nothing sent to anybody, in milliseconds. */
  readonly unsentSince?: number;
}

/** What one poll adds; `undefined` where nobody tells what was given to the link. */
export function noteOutflow(
  before: Outflow | undefined,
  device: ObservedDevice | undefined,
  now: number,
): Outflow | undefined {
  if (device?.givenBytes === undefined) return undefined;
  const { givenBytes, peers } = device;
  let sentBytes = 0;
  for (const peer of peers.values()) sentBytes += peer.sentBytes;
  if (!before || sentBytes > before.sentBytes || givenBytes < before.givenBytes)
    return { givenBytes, sentBytes };
  const isUnsent = givenBytes - before.givenBytes > unremarkableBytes;
  const unsentSince = before.unsentSince ?? (isUnsent ? now : undefined);
  // A peer that is dialled loses its counters, which is no sign that something was sent.
  return { ...before, sentBytes, ...(unsentSince !== undefined && { unsentSince }) };
}

/**
 * Whether a peer is missed for as long as `ms` says because nothing gets out of this node. One that was heard since, or
 * answered a handshake, is reached.
 */
export const isCutOff = (
  { receivedAt, verifiedAt = 0 }: Counters,
  unsentSince: number | undefined,
  ms: keyof Pick<typeof monitoringTimings, "doubtfulUnansweredMs" | "silentUnansweredMs">,
  now: number,
): boolean =>
  unsentSince !== undefined &&
  unsentSince >= Math.max(receivedAt, verifiedAt) &&
  now - unsentSince >= monitoringTimings[ms];
