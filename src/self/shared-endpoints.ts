import type { Affiliate } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import { endpointAddress } from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";

/**
 * The warnings about nodes behind one NAT that have the same listen port. The NAT gives the port to one of them for
 * each destination, so which peers the others can reach is unpredictable.
 */
export function sharedEndpointWarnings(own: Affiliate, peers: readonly PeerSpec[]): Warning[] {
  // Private addresses are ignored, since two sites may have the same ones.
  const announced = own.kubespan?.endpoints ?? [];
  const shared = new Set(announced.filter((each) => !own.addresses.includes(endpointAddress(each))));
  return peers.flatMap(({ label, endpoints }) => {
    const endpoint = endpoints.find((each) => shared.has(each));
    return endpoint === undefined
      ? []
      : [
          {
            who: `node ${label}`,
            what: `announces ${endpoint}, and so does this node: behind one NAT each needs another listenPort`,
          },
        ];
  });
}
