import type { Config } from "../config/index.ts";
import type { RegistryState } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import { type Address, hostPrefix, parseAddress, prefixContains } from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";

/**
 * Warns of discovery services that are in a member's network. A service that the configuration names by address is cut
 * out of such networks. The address to which a name was resolved is not cut out, and is only warned of. The reason is
 * that a program that answers for a name may give any address, and one that sits on the path as well can pass the real
 * service through there, with its certificate. If that address were cut out, traffic to anything else at it would be
 * sent in clear. So such a service can be taken out of reach, which costs newcomers their way into the mesh, but
 * nothing that is steered is let out.
 */
export function reachWarnings(
  registries: readonly RegistryState[],
  peers: readonly Pick<PeerSpec, "label" | "allowedIPs">[],
): Warning[] {
  return registries.flatMap(({ name, reachedAt }) => {
    if (reachedAt === undefined) return [];
    const host = hostPrefix(reachedAt);
    return peers.flatMap(({ label, allowedIPs }): Warning[] => {
      const network = allowedIPs.find((prefix) => prefix !== host && prefixContains(prefix, reachedAt));
      if (network === undefined) return [];
      const what =
        `has ${network} routed through the mesh, in which discovery service ${name} was reached at ${reachedAt}: ` +
        "if that is no node's network, name the service by its address, which is left out of it then";
      return [{ who: `peer ${label}`, what }];
    });
  });
}

/** A registry to which the way leads through the tunnel to a peer. */
interface Behind {
  readonly registry: RegistryState;
  readonly address: Address;
}

/**
 * The registries that are reached through this peer: at the address at which they were last reached, or at that of
 * their name if it is one.
 */
export function registriesBehind(
  { allowedIPs }: Pick<PeerSpec, "allowedIPs">,
  registries: readonly RegistryState[],
  services: Config["services"],
): Behind[] {
  return registries.flatMap((registry) => {
    const { host = "" } = services.find(({ name }) => name === registry.name) ?? {};
    const address = registry.reachedAt ?? parseAddress(host);
    const isBehind = address !== undefined && allowedIPs.some((prefix) => prefixContains(prefix, address));
    return isBehind ? [{ registry, address }] : [];
  });
}

/**
 * Warns of registries that do not answer because the way to them leads through a peer that is not up: what is for that
 * peer is held back until its tunnel works again.
 */
export function cutOffWarnings(
  lost: readonly Pick<PeerSpec, "label" | "allowedIPs">[],
  registries: readonly RegistryState[],
  services: Config["services"],
): Warning[] {
  const away = registries.filter(({ phase }) => phase === "connecting");
  return lost.flatMap((peer) =>
    registriesBehind(peer, away, services).map(
      ({ registry: { name }, address }): Warning => ({
        who: `discovery service ${name}`,
        what:
          `is cut off: ${address} is reached through peer ${peer.label}, which is not up. Until it is, this node does ` +
          "not hear where others have moved to; let the service run outside the mesh, or configure a second one",
      }),
    ),
  );
}
