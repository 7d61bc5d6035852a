import type { Endpoint } from "../net/index.ts";
import { type Choices, promising } from "./better-path.ts";
import type { RoundTrips } from "./round-trips.ts";
import { pathTimings } from "./timings.ts";

/** A peer that was connected all the time, at another endpoint from then on. */
export interface EndpointChange {
  /** The time of the change, in milliseconds since 1970. */
  readonly at: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly reason: string;
}

/** The path on which a peer is reached, and what is known of better ones. Kept while it is not connected. Times in milliseconds. */
export interface Path {
  readonly endpoint: Endpoint;
  /** The time at which it was first seen to be in use. */
  readonly since: number;
  readonly changes: number;
  readonly lastChange?: EndpointChange;
  /** The number of times in a row that it went straight back to where it had been, each soon after the change before. */
  readonly returns?: number;
  /** Promising candidates that are no news. */
  readonly known: readonly Endpoint[];
  /** Probes in a row, each a while after the one before. */
  readonly probes: number;
  readonly probedAt?: number;
  /** The time at which this node moved the peer to a better path. */
  readonly movedAt?: number;
  /** The time at which a probe of other paths, or a move, was last over at this node. */
  readonly overAt?: number;
  /** The time of the last poll that found it in use. */
  readonly seenAt?: number;
}

/** What one poll shows of where a peer is, and of where else it may be. */
export interface Sight {
  readonly choices: Choices;
  readonly roundTrips: RoundTrips;
  /** The endpoint to which WireGuard sends. */
  readonly endpoint: Endpoint | undefined;
  /** The time of the session's handshake, in milliseconds since 1970. */
  readonly handshakeAt: number | undefined;
}

/** The path of a peer that has just come up. */
const newPath = (endpoint: Endpoint, { choices, roundTrips }: Sight, now: number): Path => ({
  endpoint,
  since: now,
  changes: 0,
  known: promising(choices, endpoint, roundTrips),
  probes: 0,
  seenAt: now,
});

/**
 * What one poll of a connected peer adds. While the other end probes paths, or moves, this one follows each packet to and
 * fro; what lasts is a change.
 */
export function followPath(
  before: Path | undefined,
  sight: Sight,
  wasConnected: boolean,
  now: number,
): Path | undefined {
  const { endpoint } = sight;
  if (endpoint === undefined) return before;
  if (!before) return newPath(endpoint, sight, now);
  if (!wasConnected)
    return { ...withEndpoint(before, sight, "connected anew", now), since: now, seenAt: now };
  if (endpoint === before.endpoint) return { ...before, seenAt: now };
  const isLasting = now - (before.seenAt ?? 0) >= pathTimings.lastsMs;
  return isLasting ? withEndpoint(before, sight, "the peer sends from there", now) : before;
}

/** The endpoint that is seen now, and why if it is another one. */
export function withEndpoint(path: Path, sight: Sight, reason: string, now: number): Path {
  const { endpoint = path.endpoint, choices, roundTrips } = sight;
  if (endpoint === path.endpoint) return path;
  const { changes, endpoint: from, lastChange: before } = path;
  const known = promising(choices, endpoint, roundTrips);
  const lastChange = { at: now, from, to: endpoint, reason };
  const isReturn = before?.from === endpoint && now - before.at < pathTimings.soonMs;
  const returns = isReturn ? (path.returns ?? 0) + 1 : 0;
  return {
    ...path,
    endpoint,
    since: now,
    changes: changes + 1,
    lastChange,
    returns,
    known,
    seenAt: now,
  };
}

/** The two endpoints between which a peer goes back and forth, if it does so now. */
export function unsettledBetween(
  path: Path | undefined,
  now: number,
): readonly [Endpoint, Endpoint] | undefined {
  const { lastChange, returns = 0 } = path ?? {};
  if (!lastChange || returns < pathTimings.mostReturns || now - lastChange.at >= pathTimings.soonMs)
    return undefined;
  return [lastChange.from, lastChange.to];
}
