import type { Endpoint } from "../net/index.ts";
import type { ObservedPeer } from "../wireguard/index.ts";
import { type Counters, isShaken } from "./counters.ts";
import type { Race } from "./race.ts";

/** The rounds to its endpoint after which a peer that does not answer is taken for gone. */
const roundsInVain = 3;

/**
 * The rounds after which a peer is taken for gone if another member claims what it owns. That says less, as both may have
 * the address, so it is asked at all its endpoints, too: the last rounds go there. Where one packet in five gets lost each
 * way, all go unanswered once in two hundred times.
 */
const roundsWhereContested = 6;

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

/**
 * Whether a peer whose endpoint is another's, or whose address another one claims, has neither sent anything since nor
 * answered when it was asked.
 */
export function isGone(
  counters: Counters,
  race: Race | undefined,
  {
    takenAt,
    contestedAt,
  }: { readonly takenAt?: number | undefined; readonly contestedAt?: number | undefined },
): boolean {
  if (race?.verifies !== true || race.answer !== undefined) return false;
  const isSince = (at: number | undefined): boolean => at !== undefined && isShaken(counters, at);
  return (
    (isSince(takenAt) && race.rounds >= roundsInVain) ||
    (isSince(contestedAt) && race.rounds >= roundsWhereContested)
  );
}
