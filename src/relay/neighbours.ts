import { type Endpoint, endpointAddress, type Family, familyOf } from "../net/index.ts";
import { type Connection, type PeerSpec, type StandIns, wayTo, withStandIns } from "../peers/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";

/** A member to which this node is connected directly, and where. */
export interface Neighbour {
  readonly publicKey: string;
  readonly endpoint: Endpoint;
}

/**
 * The members between which this node may pass packets on: those that are connected, at an endpoint that is theirs alone.
 * Whoever is reached by way of another member is none, so no two relays ever stand in a row.
 */
export function neighboursOf(
  specs: readonly PeerSpec[],
  connections: ReadonlyMap<string, Connection>,
  device: Pick<ObservedDevice, "peers"> | undefined,
  standIns: StandIns | undefined,
): Neighbour[] {
  const count = new Map<Endpoint, number>();
  for (const { publicKey, endpoint } of device?.peers.values() ?? [])
    if (endpoint !== undefined && isConnected(connections.get(publicKey)))
      count.set(endpoint, (count.get(endpoint) ?? 0) + 1);
  return specs.flatMap((spec) => {
    const { publicKey } = spec;
    const endpoint = device?.peers.get(publicKey)?.endpoint;
    if (endpoint === undefined || !isConnected(connections.get(publicKey))) return [];
    const isOwn = wayTo(withStandIns(spec, standIns), endpoint).kind === "direct";
    // A relay's endpoint is that of the peers behind it as well.
    const isAlone = count.get(endpoint) === 1 || standIns?.all.get(endpoint)?.owner === publicKey;
    return isOwn && isAlone ? [{ publicKey, endpoint }] : [];
  });
}

const isConnected = (connection: Connection | undefined): boolean =>
  connection !== undefined && connection.phase !== "connecting";

export const familyOfEndpoint = (endpoint: Endpoint): Family => familyOf(endpointAddress(endpoint));
