import type { PeerReport } from "../api/index.ts";
import type { Measured } from "./measure.ts";

/** A measurement of the path to a peer, and its time in milliseconds. */
export interface Noted {
  readonly at: number;
  readonly measured: Measured;
}

/** The milliseconds for which a path is taken to be as it was measured, unless the peer comes to be on another one. */
const goodMs = 600_000;
/** The paths that are measured because somebody looks, at one time. */
const mostAtOnce = 32;

/** The peers whose paths are to be measured: those that are up, and were not measured where they are now. */
export const toMeasure = (
  peers: readonly PeerReport[],
  noted: (peer: PeerReport) => Noted | undefined,
  now: number,
): readonly PeerReport[] =>
  peers.filter((peer) => isUp(peer) && !isGood(peer, noted(peer), now)).slice(0, mostAtOnce);

const isUp = ({ state, suspected }: PeerReport): boolean => state === "up" && !suspected;

/** Whether a measurement is of the path on which the peer is now. */
function isGood({ way, stateSeconds }: PeerReport, noted: Noted | undefined, now: number): boolean {
  const sinceMs = 1_000 * Math.min(way?.seconds ?? stateSeconds, stateSeconds);
  return noted !== undefined && now - noted.at < Math.min(goodMs, sinceMs + 1_000);
}

/**
 * The measurement of a path on which large packets get lost: small ones all came back, so they were not lost by chance.
 * `undefined` where that was not seen.
 */
export const holeIn = (
  peer: PeerReport,
  noted: Noted | undefined,
  linkMtu: number,
  now: number,
): Measured | undefined => {
  // Where routes have an MTU that passes, nothing gets lost.
  if (peer.pathMtu?.isSmaller && peer.pathMtu.mtu !== undefined) return undefined;
  if (!noted || !isUp(peer) || !isGood(peer, noted, now)) return undefined;
  const { roundTripMs, lossPercent, mtu = 0 } = noted.measured;
  return roundTripMs !== undefined && lossPercent === 0 && mtu < linkMtu ? noted.measured : undefined;
};
