import type { Endpoint } from "../net/index.ts";
import type { ObservedPeer } from "../wireguard/index.ts";
import { type Counters, isShaken } from "./counters.ts";
import type { Race } from "./race.ts";

/** The rounds to its endpoint after which a peer that does not answer is taken for gone. */
const roundsInVain = 3;

/**
 * The times, by public key, since which the endpoint of a peer is another peer's, too: that of the other one's handshake,
 * if it is the later one. Only one WireGuard is behind an address and a port, so one of them is not there any more: a
 * machine that was installed anew, say, and its former identity. Which one it is has to be asked, since whoever can forge
 * the source of a packet can move himself to somebody else's endpoint. What stands in for others is many peers' endpoint
 * at a time.
 */
export function takenAtOf(
  peers: Iterable<ObservedPeer>,
  standIns?: ReadonlyMap<Endpoint, unknown>,
): ReadonlyMap<string, number> {
  const all = [...peers].filter(({ endpoint }) => endpoint === undefined || !standIns?.has(endpoint));
  const latest = new Map<Endpoint, number>();
  for (const { endpoint, handshakeAt = 0 } of all)
    if (endpoint !== undefined) latest.set(endpoint, Math.max(handshakeAt, latest.get(endpoint) ?? 0));
  return new Map(
    all.flatMap(({ publicKey, endpoint, handshakeAt = 0 }) => {
      const at = endpoint === undefined ? 0 : (latest.get(endpoint) ?? 0);
      return at > handshakeAt ? [[publicKey, at] as const] : [];
    }),
  );
}

/** Whether a peer whose endpoint is another's has neither sent anything since nor answered when it was asked there. */
export const isGone = (counters: Counters, race: Race | undefined, takenAt: number | undefined): boolean =>
  takenAt !== undefined &&
  isShaken(counters, takenAt) &&
  race?.verifies === true &&
  race.answer === undefined &&
  race.rounds >= roundsInVain;
