import type { Config } from "../config/index.ts";
import { endpointAddress, intersect, type Prefix, prefixContains } from "../net/index.ts";
import type { Networks } from "../nftables/index.ts";
import type { DesiredMainRoutes, DesiredRouting } from "../routing/index.ts";
import type { Decision } from "./decide.ts";

/**
 * The routes to pod networks of peers in the main table (`podNetworks.mainTable`): what is granted and steered, and no
 * network in which an endpoint of a peer lies. WireGuard's own packets to there would be led back into the link, and a
 * strict filter of the reverse path would drop those from there. `undefined` without the setting.
 */
export function mainRoutesFor(
  { podNetworks }: Pick<Config, "podNetworks">,
  { targets, pods }: Pick<Networks, "targets" | "pods">,
  { specs, polled }: Pick<Decision, "specs" | "polled">,
  { address, ipv4Source, carriesIPv4 = true, mtu, isClosed }: DesiredRouting,
): DesiredMainRoutes | undefined {
  if (!podNetworks.mainTable) return undefined;
  const endpoints = [
    ...specs.peers.flatMap((peer) => peer.endpoints),
    ...[...polled.memory.connections.values()].flatMap(({ path }) => path?.endpoint ?? []),
  ].map(endpointAddress);
  const isUsable = (network: Prefix): boolean =>
    !endpoints.some((endpoint) => prefixContains(network, endpoint));
  return {
    networks: intersect(targets, pods).filter(isUsable),
    mtu,
    sources: { 6: address, ...(carriesIPv4 && ipv4Source !== undefined && { 4: ipv4Source }) },
    isClosed,
  };
}
