import type { Command, Step } from "../base/index.ts";
import { type Address, familyOf, parseAddress } from "../net/index.ts";
import type { LinkAddress } from "./links.ts";

/**
 * The IPv4 address of the mesh's link on a node without one of its own. The link needs an IPv4 address for two reasons.
 * If a link has none, the reverse-path filter is strict in all its modes: Linux drops every IPv4 packet that comes out
 * of the tunnel unless the filter is off for the whole host (fib_validate_source, "last_resort"), and Ubuntu switches
 * it on. And `masquerade` takes the source from the link on which a packet leaves, whatever its route says. If that
 * link has none, the source comes from the first link that has one, such as a bridge of containers, from which no peer
 * accepts a packet.
 *
 * So the link carries the node's primary address once more. Where the node has no IPv4 address, the link carries this
 * one, which nobody uses and which is never chosen as a source, because its scope is `link`.
 *
 * The link only carries the address. For each address the kernel also makes a route in the table `local`, by which it
 * takes the address for its own, and answers ARP for it on all links. The route of the link that really has the address
 * is enough for that. That of the mesh's link is removed, or the node would go on answering for an address that DHCP
 * has taken from it, and given to somebody else, as long as no daemon runs.
 */
const placeholder = parseAddress("169.254.180.1") as Address;

const hostBits = 32;

/**
 * Whether this program put an address on the link. It puts single addresses there; a network on the link is somebody
 * else's.
 */
const isOurs = ({ address, bits }: LinkAddress): boolean => familyOf(address) === 4 && bits === hostBits;

/** The table in which the kernel keeps the routes to the node's own addresses. */
export const localTable = 255;

/** The addresses that this program put on the mesh's link. */
export const anchorsAmong = (addresses: readonly LinkAddress[]): readonly Address[] =>
  addresses.filter(isOurs).map(({ address }) => address);

/** Plans to give the link its IPv4 address before anything is steered, and to take away another one of ours afterwards. */
export function planAnchor(
  interfaceName: string,
  observed: { readonly linkAddresses: readonly LinkAddress[]; readonly answered: readonly Address[] },
  primary: Address | undefined,
): Step[] {
  const wanted = primary ?? placeholder;
  const scope = primary === undefined ? "link" : "global";
  const isRight = (entry: LinkAddress): boolean => entry.address === wanted && entry.scope === scope;
  const own = observed.linkAddresses.filter(isOurs);
  const wrongScope = own.filter((entry) => entry.address === wanted && !isRight(entry));
  const addition: Step = {
    stage: "grow",
    text: `give ${interfaceName} the IPv4 address ${wanted}`,
    commands: [
      ...wrongScope.map((entry) => deletion(interfaceName, entry)),
      change("add", interfaceName, wanted, "scope", scope),
      withoutAnswers(interfaceName, wanted),
    ],
  };
  const silence: Step = {
    stage: "grow",
    text: `answer for ${wanted} only where the node has it, and not because of ${interfaceName}`,
    commands: [withoutAnswers(interfaceName, wanted)],
  };
  return [
    ...(own.some(isRight) ? (observed.answered.includes(wanted) ? [silence] : []) : [addition]),
    ...removeAnchor(
      interfaceName,
      own.filter((entry) => entry.address !== wanted),
    ),
  ];
}

export const removeAnchor = (interfaceName: string, addresses: readonly LinkAddress[]): Step[] =>
  addresses.filter(isOurs).map((entry) => ({
    stage: "shrink",
    text: `take the IPv4 address ${entry.address} from ${interfaceName}`,
    commands: [deletion(interfaceName, entry)],
  }));

const deletion = (interfaceName: string, { address }: LinkAddress): Command =>
  change("del", interfaceName, address);

const withoutAnswers = (interfaceName: string, address: Address): Command => ({
  program: "ip",
  args: [
    "-4",
    "route",
    "del",
    "local",
    `${address}/${hostBits}`,
    "dev",
    interfaceName,
    "table",
    String(localTable),
  ],
});

const change = (
  verb: "add" | "del",
  interfaceName: string,
  address: Address,
  ...more: string[]
): Command => ({
  program: "ip",
  args: ["-4", "address", verb, `${address}/${hostBits}`, "dev", interfaceName, ...more],
});
