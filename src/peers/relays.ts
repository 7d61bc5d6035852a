import type { Endpoint } from "../net/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import { type StandIns, type WithStandIns, wayTo } from "./candidates/index.ts";
import type { Connection } from "./connection.ts";
import type { PeerSpec } from "./spec.ts";
import { raceTimings, relayTimings } from "./timings.ts";

/** What the peers that are reached by relays tell of these, and these of the peers. */
export interface RelayNews {
  /**
   * The times, by the relay's public key, since which data to a peer behind it is unanswered. Whether the relay is there is
   * asked of the relay itself, which takes one packet, however many peers are behind it.
   */
  readonly askedAt: ReadonlyMap<string, number>;
  /** The endpoints of relays that answer no more. */
  readonly lost: ReadonlySet<Endpoint>;
}

const nothingNew: RelayNews = { askedAt: new Map(), lost: new Set() };

/** What the connections at the last poll tell of the relays. */
export function relayNews(
  specs: readonly PeerSpec[],
  connections: ReadonlyMap<string, Connection>,
  device: Pick<ObservedDevice, "peers"> | undefined,
  standIns: StandIns | undefined,
  now: number,
): RelayNews {
  if (!standIns || !device) return nothingNew;
  const askedAt = new Map<string, number>();
  for (const { publicKey } of specs) {
    const unansweredAt = connections.get(publicKey)?.counters?.unansweredAt;
    const endpoint = device.peers.get(publicKey)?.endpoint;
    if (unansweredAt === undefined || endpoint === undefined) continue;
    const { owner } = standIns.all.get(endpoint) ?? {};
    if (owner === undefined || owner === publicKey || !isToBeAsked(connections.get(owner), unansweredAt, now))
      continue;
    askedAt.set(owner, Math.max(unansweredAt, askedAt.get(owner) ?? 0));
  }
  const lost = [...standIns.all.values()].filter(({ owner }) => isLost(owner, connections));
  return { askedAt, lost: new Set(lost.map(({ endpoint }) => endpoint)) };
}

function isToBeAsked(relay: Connection | undefined, unansweredAt: number, now: number): boolean {
  const { receivedAt = 0, verifiedAt = 0 } = relay?.counters ?? {};
  const isFresh = unansweredAt - Math.max(receivedAt, verifiedAt) < relayTimings.freshMs;
  return now - unansweredAt >= relayTimings.askAfterMs && !isFresh;
}

function isLost(owner: string | undefined, connections: ReadonlyMap<string, Connection>): boolean {
  const relay = owner === undefined ? undefined : connections.get(owner);
  return relay !== undefined && (relay.phase === "connecting" || isUnanswered(relay));
}

/** Whether a peer answered none of the first questions of a doubt, of which at least one had time for that. */
export function isUnanswered(connection: Connection): boolean {
  if (connection.phase !== "doubted" || !connection.race) return false;
  const { rounds, firstAt, lastAt } = connection.race;
  const known = [...connection.roundTrips.values()];
  const roundTripMs = known.length > 0 ? Math.min(...known) : relayTimings.unknownRoundTripMs;
  return rounds >= raceTimings.roundsToCurrent && lastAt - firstAt >= relayTimings.roundTrips * roundTripMs;
}

/** Whether a peer is reached by one of these relays. */
export const isBehind = (
  relays: ReadonlySet<Endpoint>,
  spec: WithStandIns,
  endpoint: Endpoint | undefined,
): boolean => endpoint !== undefined && relays.has(endpoint) && isRelayed(spec, endpoint);

/** Whether a peer that is seen at that endpoint is reached by a relay. */
export const isRelayed = (spec: WithStandIns, endpoint: Endpoint | undefined): boolean =>
  endpoint !== undefined && wayTo(spec, endpoint).kind === "relayed";
