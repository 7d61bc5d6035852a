import { type Endpoint } from "../net/index.ts";
import { type Connection, type PeerSpec, type StandIns, wayTo, withStandIns } from "../peers/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import type { RelayedPair } from "./guess.ts";

/** What one poll shows of peers: those that are reached by a relay, and at which endpoint those are reached that are up. */
export function pairsFrom(
  specs: readonly PeerSpec[],
  {
    connections,
    standIns,
  }: {
    readonly connections: ReadonlyMap<string, Connection>;
    readonly standIns?: StandIns | undefined;
  },
  device: Pick<ObservedDevice, "peers"> | undefined,
): { readonly pairs: ReadonlyMap<string, RelayedPair>; readonly reached: ReadonlyMap<string, Endpoint> } {
  const pairs = new Map<string, RelayedPair>();
  const reached = new Map<string, Endpoint>();
  for (const each of specs) {
    const { publicKey, nodeId } = each;
    const connection = connections.get(publicKey);
    const { endpoint, handshakeAt: sessionAt } = device?.peers.get(publicKey) ?? {};
    if (endpoint === undefined || !connection || connection.phase === "connecting") continue;
    reached.set(publicKey, endpoint);
    const spec = withStandIns(each, standIns);
    const relay = standIns?.all.get(endpoint)?.owner;
    const { path } = connection;
    if (wayTo(spec, endpoint).kind !== "relayed" || relay === undefined || path?.endpoint !== endpoint)
      continue;
    const candidates = spec.direct ?? spec.endpoints;
    pairs.set(publicKey, { publicKey, nodeId, relay, candidates, since: path.since, sessionAt });
  }
  return { pairs, reached };
}
