import type { Config } from "../config/index.ts";
import type { Warning } from "../marks/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  isHostPrefix,
  isPrivate,
  networkOf,
  type Prefix,
  prefixContains,
} from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import type { Doubtful } from "./local-machines.ts";

type Granted = Pick<PeerSpec, "nodeId" | "label" | "publicKey" | "allowedIPs">;

/** The networks of this node's links, and which addresses machines around may have, and have. */
interface Around {
  readonly networks: readonly Prefix[];
  readonly doubtful: readonly Doubtful[];
  readonly answered: ReadonlySet<Address> | undefined;
}

const mostWarnings = 5;

/**
 * Warns of peers that have a private address inside a network of this node's links, and are connected elsewhere. Many
 * sites use the same private networks: such a peer may be at another site, and another machine here, a file server say,
 * has that address. Which of the two is meant, an answer on this link does not prove, as anybody on it can give one: so
 * what is sent there goes to the peer unless the operator says otherwise, by the name of the address (`localNetworks`) or
 * for all that answer (`allowLocalMachineBypass`). The warning stays in any case but the first.
 */
export function capturedWarnings(
  peers: readonly Granted[],
  device: Pick<ObservedDevice, "peers"> | undefined,
  { networks, doubtful, answered }: Around,
  { allowLocalMachineBypass }: Pick<Config, "allowLocalMachineBypass">,
): Warning[] {
  const around = networks.filter((network) => isPrivate(networkOf(network)) && !isHostPrefix(network));
  if (around.length === 0) return [];
  const warnings = peers.flatMap(({ nodeId, label, publicKey, allowedIPs }): Warning[] => {
    const { endpoint, handshakeAt } = device?.peers.get(publicKey) ?? {};
    if (endpoint === undefined || handshakeAt === undefined) return [];
    const isAround = (network: Prefix): boolean => prefixContains(network, endpointAddress(endpoint));
    if (around.some(isAround)) return [];
    const networkAround = (address: Address): Prefix | undefined =>
      around.find((each) => prefixContains(each, address));
    const yielded = doubtful.find((each) => each.nodeId === nodeId && answered?.has(each.address));
    const captured = allowedIPs.filter(isHostPrefix).map(networkOf).find(networkAround);
    const address = yielded?.address ?? captured;
    const network = address && networkAround(address);
    if (address === undefined || network === undefined) return [];
    const place: Place = { address, network, endpoint, link: yielded?.link };
    return [{ who: `peer ${label}`, what: whatIs(place, allowLocalMachineBypass) }];
  });
  const more = warnings.length - mostWarnings;
  if (more <= 0) return warnings;
  const rest = { who: `${more} more peers`, what: "have addresses inside networks of this node, too" };
  return [...warnings.slice(0, mostWarnings), rest];
}

interface Place {
  readonly address: Address;
  readonly network: Prefix;
  /** The endpoint at which the peer is connected. */
  readonly endpoint: Endpoint;
  /** The link on which another machine answers, and gets what is sent there. */
  readonly link: string | undefined;
}

function whatIs({ address, network, endpoint, link }: Place, mayYield: boolean): string {
  const has = `has ${address}, inside ${network}, a network of this node, and is connected at ${endpoint}: what is sent to ${address} `;
  if (link !== undefined)
    return (
      `${has}leaves in clear on ${link}, where another machine answers for it (allowLocalMachineBypass). ` +
      "Name it in localNetworks if that machine is meant; otherwise switch the setting off, or give one of them another address"
    );
  const cure = mayYield
    ? "Should another machine here have that address, it gets what is sent there as soon as it answers; name it in localNetworks to be sure"
    : "If another machine here has that address, name it in localNetworks; or set allowLocalMachineBypass, and who answers for such an address gets what is sent there, in clear";
  return `${has}goes there. ${cure}`;
}
