import type { StateTimings } from "./timings.ts";

/**
 * - `up`: a handshake happened recently enough that WireGuard still accepts its keys, or soon renews them
 * - `down`: the endpoint in use had its chance, or the last handshake is too old
 * - `unknown`: too early to tell, or there never was an endpoint to try
 */
export type PeerState = "up" | "down" | "unknown";

/**
 * The state of a peer, by the times that Talos goes by. With T0 = when the endpoint was set and H = the last handshake:
 *
 *     T0               T0 + connectTimeoutMs      T0 + peerDownIntervalMs
 *     |  H >= T0: up    |  H >= T0: up             |  H younger than peerDownIntervalMs: up
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
  const isFresh = handshakeAt !== undefined && now - handshakeAt < timings.peerDownIntervalMs;
  if (endpointSetAt === undefined) return isFresh ? "up" : "unknown";
  const elapsed = now - endpointSetAt;
  if (elapsed >= timings.peerDownIntervalMs) return isFresh ? "up" : "down";
  if (handshakeAt !== undefined && handshakeAt >= Math.floor(endpointSetAt / 1000) * 1000) return "up";
  return elapsed < timings.connectTimeoutMs ? "unknown" : "down";
}
