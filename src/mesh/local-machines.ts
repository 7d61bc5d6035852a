import type { Config } from "../config/index.ts";
import type { MemberClaim } from "../members/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  isHostPrefix,
  isPrivate,
  networkOf,
  prefixContains,
} from "../net/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import type { Knowledge, Memory } from "./knowledge.ts";

/** A private address inside a network of this node's links, of a peer that is connected elsewhere and was never reached there. */
export interface Doubtful {
  readonly nodeId: string;
  readonly publicKey: string;
  readonly address: Address;
  /** The link on which another machine may have the address. */
  readonly link: string;
  /** The endpoint at which the peer is connected. */
  readonly endpoint: Endpoint;
}

type Facts = Pick<Knowledge, "claims" | "linkNetworks"> & {
  readonly config: Pick<Config, "allowLocalMachineBypass" | "localNetworks">;
};

/**
 * The time in milliseconds after which a peer that is connected at one endpoint was asked at its others, too, as far as it
 * ever will be: probes of what is near come within some seconds, but wait for their turn.
 */
const askedWithinMs = 60_000;

/**
 * Finds the addresses that another machine around may have in place of the peer, where the operator lets such a machine have
 * them (ADR 0033). An address stays the peer's if it is public, if the peer was ever reached there, while the peer is not
 * connected, while it is reached by way of somebody else, so that nobody knows where it is, or is reached in a private
 * network around, and until it was asked at its other endpoints.
 */
export function doubtfulAddresses(
  { claims, linkNetworks = [], config }: Facts,
  device: Pick<ObservedDevice, "peers"> | undefined,
  { peers, lastWorking, reached }: Pick<Memory, "peers" | "lastWorking" | "reached">,
  now: number,
): Doubtful[] {
  if (!config.allowLocalMachineBypass) return [];
  const around = linkNetworks.filter(
    ({ network }) => isPrivate(networkOf(network)) && !isHostPrefix(network),
  );
  if (around.length === 0) return [];
  return claims.flatMap(({ affiliate }: MemberClaim): Doubtful[] => {
    const { nodeId, addresses, kubespan } = affiliate;
    if (!kubespan) return [];
    const { publicKey } = kubespan;
    const connection = peers.connections.get(publicKey);
    const endpoint = device?.peers.get(publicKey)?.endpoint;
    const { path } = connection ?? {};
    const isConnected = connection !== undefined && connection.phase !== "connecting";
    if (!isConnected || endpoint === undefined || path?.endpoint !== endpoint) return [];
    if (lastWorking.get(publicKey) !== endpoint) return [];
    if (around.some(({ network }) => prefixContains(network, endpointAddress(endpoint)))) return [];
    const wasAsked = (path.overAt ?? 0) >= path.since || now - path.since >= askedWithinMs;
    if (!wasAsked) return [];
    return [...new Set(addresses)].flatMap((address): Doubtful[] => {
      const place = around.find(({ network }) => prefixContains(network, address));
      const isDecided = config.localNetworks.some((network) => prefixContains(network, address));
      if (!place || isDecided || !isPrivate(address) || reached.get(publicKey)?.includes(address)) return [];
      return [{ nodeId, publicKey, address, link: place.link, endpoint }];
    });
  });
}

/** The addresses among them that a machine around has, by the node ids of the peers that do not get them. */
export function yieldedAddresses(
  doubtful: readonly Doubtful[],
  answered: ReadonlySet<Address> | undefined,
): ReadonlyMap<string, readonly Address[]> {
  const yielded = doubtful.filter(({ address }) => answered?.has(address));
  const byPeer = Map.groupBy(yielded, ({ nodeId }) => nodeId);
  return new Map([...byPeer].map(([nodeId, all]) => [nodeId, all.map(({ address }) => address)]));
}

/** Whether one of those peers is elsewhere than it was, so that everything has to be decided anew. */
export const hasMoved = (
  doubtful: readonly Doubtful[],
  device: Pick<ObservedDevice, "peers"> | undefined,
): boolean => doubtful.some(({ publicKey, endpoint }) => device?.peers.get(publicKey)?.endpoint !== endpoint);
