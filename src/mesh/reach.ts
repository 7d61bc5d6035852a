import type { RegistryState } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import { hostPrefix, prefixContains } from "../net/index.ts";
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
