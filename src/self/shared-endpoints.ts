import type { Affiliate } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import { endpointAddress } from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";

/**
 * Nodes behind one NAT that ask it for the same port. It belongs to one of them for each destination; where the other one
 * is to be reached, nobody can tell, and it is a matter of luck which nodes it connects to.
 */
export function sharedEndpointWarnings(own: Affiliate, peers: readonly PeerSpec[]): Warning[] {
  // The same private address at two sites is another matter.
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
