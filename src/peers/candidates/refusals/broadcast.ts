import {
  type Address,
  addressFromBigInt,
  familyOf,
  networkOf,
  type Prefix,
  prefixContains,
  prefixFamily,
  rangeOf,
} from "../../../net/index.ts";
import { byAddress } from "./rule.ts";

export const broadcast = byAddress((address, { ownNetworks }) => {
  const network = broadcastNetwork(address, ownNetworks);
  return network && `the broadcast address of ${network}, a network of this node`;
});

/**
 * The network of which this is the broadcast address: one packet there would be one to each of its hosts. The lowest
 * address is one, too, for kernels before 5.14 and for other systems. Networks of two addresses (/31) have none.
 */
function broadcastNetwork(address: Address, networks: readonly Prefix[]): Prefix | undefined {
  if (familyOf(address) !== 4) return undefined;
  return networks.find((network) => {
    if (prefixFamily(network) !== 4 || !prefixContains(network, address)) return false;
    const { first, last } = rangeOf(network);
    return last - first > 1n && (address === networkOf(network) || address === addressFromBigInt(4, last));
  });
}
