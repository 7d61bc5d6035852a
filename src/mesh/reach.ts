import type { RegistryState } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import { hostPrefix, prefixContains } from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";

/**
 * Discovery services that a member's network takes in. One that the configuration names by address is cut out of such
 * networks; what a name was resolved to is not, and only said. For who answers for a name may name any address, and one
 * who sits on the path as well can pass the real service through there, certificate and all: cut out, whatever else is at that
 * address would be sent in clear. So such a service can be taken out of reach, which costs newcomers their way in, and
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
