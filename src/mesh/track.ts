import type { Endpoint } from "../net/index.ts";
import {
  type Attempt,
  attemptDueIn,
  dwellOf,
  nextAttempt,
  type PeerSpec,
  type PeerState,
  peerDownInterval,
  peerState,
  rotationTimings,
} from "../peers/index.ts";
import type { DesiredPeer, ObservedDevice } from "../wireguard/index.ts";

/** By public key. */
export type Attempts = ReadonlyMap<string, Attempt>;

export interface Tracked {
  readonly peers: readonly DesiredPeer[];
  readonly states: ReadonlyMap<string, PeerState>;
  readonly attempts: Attempts;
  /** Milliseconds until there may be something to do or to see; `undefined` when all peers are up. */
  readonly wakeIn: number | undefined;
}

/**
 * - `known`: peers that the device holds may be dialled again. It removes them for a moment, and with them a session
 *   that came up since the device was read; so that has to be done right after reading it.
 * - `new`: only peers that the device does not hold are dialled.
 */
export type DialScope = "known" | "new";

/**
 * One look at all peers: who is up, and who is to be tried where. Nothing tells us of a handshake, so while a peer is
 * being tried the device is read again soon; the longer an attempt takes, the less often.
 */
export function trackPeers(
  specs: readonly PeerSpec[],
  device: ObservedDevice | undefined,
  before: Attempts,
  now: number,
  scope: DialScope = "known",
): Tracked {
  const states = new Map<string, PeerState>();
  const attempts = new Map<string, Attempt>();
  let wakeIn: number | undefined;
  const peers = specs.map((spec): DesiredPeer => {
    const { publicKey, label, candidates, allowedIPs } = spec;
    const observed = device?.peers.get(publicKey);
    const last = before.get(publicKey);
    const state = stateOf(last, observed?.handshakeAt, now);
    const isHeard = (observed?.receivedBytes ?? 0) > 0; // counted from zero since the attempt
    const next = nextAttempt({ state, candidates, last, isHeard }, now, rotationTimings);
    const mayDial = scope === "known" || !observed;
    const current = (mayDial ? next : undefined) ?? last;
    states.set(publicKey, state);
    if (current) attempts.set(publicKey, state === "up" ? { ...current, round: 0 } : current);
    const lookIn = next && !mayDial ? 0 : wakeAfter(current, now);
    if (state !== "up") wakeIn = Math.min(wakeIn ?? Number.POSITIVE_INFINITY, lookIn);
    return { publicKey, label, allowedIPs, ...dialOf(mayDial ? next?.endpoint : undefined) };
  });
  return { peers, states, attempts, wakeIn };
}

const dialOf = (endpoint: Endpoint | undefined): { dial?: Endpoint } =>
  endpoint === undefined ? {} : { dial: endpoint };

/** After a whole round in vain a peer counts as down, even while its endpoints are being tried again. */
function stateOf(last: Attempt | undefined, handshakeAt: number | undefined, now: number): PeerState {
  const connectTimeout = last?.round === 0 ? dwellOf(0, rotationTimings) : 0;
  return peerState({ endpointSetAt: last?.since, handshakeAt }, now, { connectTimeout, peerDownInterval });
}

const soonestLook = 50;
const latestLook = 2_000;

function wakeAfter(attempt: Attempt | undefined, now: number): number {
  if (!attempt) return latestLook;
  const look = Math.min(Math.max((now - attempt.since) / 4, soonestLook), latestLook);
  const dueIn = attemptDueIn(attempt, now, rotationTimings) ?? latestLook;
  return dueIn > 0 ? Math.min(look, dueIn) : look;
}
