import type { Warning } from "../marks/index.ts";
import {
  endpointAddress,
  isHostPrefix,
  isPrivate,
  networkOf,
  type Prefix,
  prefixContains,
} from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";

type Granted = Pick<PeerSpec, "label" | "publicKey" | "allowedIPs">;

const mostWarnings = 5;

/**
 * Warns of peers that have a private address inside a network of this node's links, and are connected elsewhere. Many
 * sites use the same private networks: such a peer may be at another site, and another machine here, a file server say,
 * has that address. What is sent there goes to the peer all the same. Which of the two is meant, an answer on this link
 * does not prove, as anybody on it can give one: so the operator decides (`localNetworks`).
 */
export function capturedWarnings(
  peers: readonly Granted[],
  device: Pick<ObservedDevice, "peers"> | undefined,
  networks: readonly Prefix[],
): Warning[] {
  const around = networks.filter((network) => isPrivate(networkOf(network)) && !isHostPrefix(network));
  if (around.length === 0) return [];
  const warnings = peers.flatMap(({ label, publicKey, allowedIPs }): Warning[] => {
    const { endpoint, handshakeAt } = device?.peers.get(publicKey) ?? {};
    if (endpoint === undefined || handshakeAt === undefined) return [];
    const isAround = (network: Prefix): boolean => prefixContains(network, endpointAddress(endpoint));
    if (around.some(isAround)) return [];
    const captured = allowedIPs.filter(isHostPrefix).map(networkOf);
    for (const address of captured) {
      const network = around.find((each) => prefixContains(each, address));
      if (network !== undefined)
        return [
          {
            who: `peer ${label}`,
            what:
              `has ${address}, inside ${network}, a network of this node, and is connected at ${endpoint}: what is sent to ` +
              `${address} goes there. If another machine here has that address, name it in localNetworks`,
          },
        ];
    }
    return [];
  });
  const more = warnings.length - mostWarnings;
  if (more <= 0) return warnings;
  const rest = { who: `${more} more peers`, what: "have addresses inside networks of this node, too" };
  return [...warnings.slice(0, mostWarnings), rest];
}
