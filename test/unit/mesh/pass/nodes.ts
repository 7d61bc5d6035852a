import type { Affiliate } from "../../../../src/discovery/index.ts";
import { type Endpoint, endpointAddress, type Prefix } from "../../../../src/net/index.ts";
import { idOf } from "../../discovery/samples.ts";
import { address, affiliate, endpoint, key, prefix } from "../values.ts";

/** Another node of the mesh: what it announces, and whether anybody answers at its endpoint. */
export interface Node {
  readonly claim: Affiliate;
  readonly isThere: boolean;
}

interface Traits {
  /** Besides its address 192.0.2.N: the network of its pods if nothing is said. */
  readonly networks?: readonly string[];
  readonly isSilent?: boolean;
}

/** Node N has the address 192.0.2.N and the pods 10.244.N.0/24, and is reached at 192.0.2.N:51820. */
export function node(
  number: number,
  { networks = [`10.244.${number}.0/24`], isSilent = false }: Traits = {},
): Node {
  const mesh = {
    publicKey: key(number),
    additionalAddresses: networks.map(prefix),
    endpoints: [endpoint(`192.0.2.${number}:51820`)],
  };
  const more = { nodeId: idOf(`node-${number}`), addresses: [address(`192.0.2.${number}`)] };
  return { claim: affiliate(number, mesh, more), isThere: !isSilent };
}

/** What traffic to a node is sent to: its addresses, and an address in each of its networks. */
export const addressesOf = ({ claim }: Node): string[] => [
  ...claim.addresses,
  ...(claim.kubespan?.additionalAddresses ?? []).map(someAddressIn),
];

const someAddressIn = (network: Prefix): string => {
  const [first = ""] = network.split("/");
  return first.includes(":") ? first.replace(/::$/, "::9") : first.replace(/\d+$/, "9");
};

/** Whether somebody answers to that key there. */
export const answers = (nodes: readonly Node[], publicKey: string, at: Endpoint): boolean =>
  nodes.some(
    ({ claim: { addresses, kubespan }, isThere }) =>
      isThere && kubespan?.publicKey === publicKey && addresses.includes(endpointAddress(at)),
  );
