/**
 * - `up`: a handshake happened recently enough that WireGuard still accepts its keys, or soon renews them
 * - `down`: the endpoint in use had its chance, or the last handshake is too old
 * - `unknown`: too early to tell, or there never was an endpoint to try
 */
export type PeerState = "up" | "down" | "unknown";

/** All in milliseconds. */
export interface StateTimings {
  /** How long an endpoint may take to its first handshake before the peer counts as down. */
  readonly connectTimeout: number;
  /** Age of the last handshake at which a peer counts as down. */
  readonly peerDownInterval: number;
}

/** WireGuard's reject-after (180 s), rekey timeout (5 s) and rekey attempt time (90 s) together (reference section 1). */
export const peerDownInterval = 275_000;

/** The reference's own figures; ours differ in the connect timeout only (rotation.ts). */
export const referenceTimings: StateTimings = { connectTimeout: 15_000, peerDownInterval };

/**
 * The state of a peer (reference section 6). With T0 = when the endpoint was set and H = the last handshake:
 *
 *     T0               T0 + connectTimeout        T0 + peerDownInterval
 *     |  H >= T0: up    |  H >= T0: up             |  H younger than peerDownInterval: up
 *     |  else: unknown  |  else: down              |  else: down
 *
 * WireGuard reports H in whole seconds, rounded down, so T0 is rounded down too. Without T0 (no endpoint was ever set)
 * a fresh handshake still means up: the peer dialled us.
 */
export function peerState(
  times: { readonly endpointSetAt?: number | undefined; readonly handshakeAt?: number | undefined },
  now: number,
  timings: StateTimings,
): PeerState {
  const { endpointSetAt, handshakeAt } = times;
  const isFresh = handshakeAt !== undefined && now - handshakeAt < timings.peerDownInterval;
  if (endpointSetAt === undefined) return isFresh ? "up" : "unknown";
  const elapsed = now - endpointSetAt;
  if (elapsed >= timings.peerDownInterval) return isFresh ? "up" : "down";
  if (handshakeAt !== undefined && handshakeAt >= Math.floor(endpointSetAt / 1000) * 1000) return "up";
  return elapsed < timings.connectTimeout ? "unknown" : "down";
}
