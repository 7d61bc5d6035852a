import { type Address, type Endpoint, endpointAddress, familyOf, isPrivate, prefixOf } from "../net/index.ts";
import type { NodeStatus, PeerReport } from "./status.ts";

/**
 * The bits of a network that is taken for one site in the picture. Nothing depends on it. A private network of a site is often
 * a /16; the public IPv4 addresses of one are close to each other, or one and the same behind a NAT.
 */
const bitsOf = (address: Address): number => (familyOf(address) === 6 ? 48 : isPrivate(address) ? 16 : 24);

/**
 * Gives the network in which a peer is found: where it is reached, or else where it would be dialled first. The endpoint of
 * a peer behind a relay or a service is not its own.
 */
export function siteOf({
  endpoint,
  way,
  candidates,
}: Pick<PeerReport, "endpoint" | "way" | "candidates">): string {
  const own = way && "via" in way ? undefined : endpoint;
  return siteAt(own ?? candidates.find(({ kind }) => kind !== "relayed" && kind !== "carried")?.endpoint);
}

/** Gives the network in which this node is found: where others would dial it first. */
export const ownSiteOf = ({ announcedEndpoints }: Pick<NodeStatus, "announcedEndpoints">): string =>
  siteAt(announcedEndpoints[0]);

function siteAt(endpoint: Endpoint | undefined): string {
  if (endpoint === undefined) return "unknown";
  const address = endpointAddress(endpoint);
  return prefixOf(address, bitsOf(address)) ?? address;
}
