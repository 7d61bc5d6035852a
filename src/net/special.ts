import { type Address, addressToBytes, familyOf } from "./address.ts";
import { bitsOf, type Prefix, parsePrefix, prefixesTouch, prefixFamily, prefixWithin } from "./prefix.ts";
import { PrefixIndex } from "./prefix-index.ts";
import { subtract } from "./prefix-set.ts";

/** A network that no member may claim, whatever else its claim holds. */
interface SpecialNetwork {
  readonly prefix: Prefix;
  /** The name of the kind in messages. */
  readonly kind: string;
}

/** The kind of networks of NAT64. Translators belong to the network between the nodes, and to no member. */
const translated = "an address for IPv4 hosts";
/** The kind of a deprecated network (RFC 3879). */
const siteLocal = "site-local";
/** The kinds to whose addresses packets may be sent although no member may claim them. */
const mayBeDialled: readonly string[] = [translated, siteLocal];
/**
 * The kind of addresses at which a cloud tells a machine its identity, and hands out credentials. The networks around
 * them are in ordinary use.
 */
const cloudService = "an address of the cloud's own services";
const loopback = "a loopback address";

/**
 * The one table of special networks. A member with a cloud's address would answer in place of the cloud, which is asked
 * for tokens, time and names.
 */
const special: readonly SpecialNetwork[] = (
  [
    ["0.0.0.0/8", "unspecified"],
    ["127.0.0.0/8", loopback],
    ["169.254.0.0/16", "link-local"],
    ["192.0.0.0/24", "reserved for protocols"], // RFC 6890; every machine that translates IPv4 (464XLAT) has 192.0.0.1
    ["224.0.0.0/4", "multicast"],
    ["240.0.0.0/4", "reserved"],
    ["100.100.100.200/32", cloudService], // Alibaba Cloud
    ["168.63.129.16/32", cloudService], // Azure
    ["::/8", "reserved"], // also addresses that contain an IPv4 address, such as ::169.254.169.254
    ["::/128", "unspecified"],
    ["::1/128", loopback],
    ["64:ff9b::/96", translated], // RFC 6052
    ["64:ff9b:1::/48", translated], // RFC 8215
    ["fd00:ec2::/32", cloudService], // Amazon: metadata, time and names
    ["fd20:ce::/64", cloudService], // Google
    ["fe00::/9", "reserved"],
    ["fe80::/10", "link-local"],
    ["fec0::/10", siteLocal],
    ["ff00::/8", "multicast"],
  ] as const
).map(([text, kind]) => ({ prefix: parsePrefix(text) as Prefix, kind }));

const index = new PrefixIndex<string>();
for (const { prefix, kind } of special) index.add(prefix, kind);

/** The special networks that lie in no other one, which are the fewest that cover the table. */
const outermost: readonly SpecialNetwork[] = special.filter(
  ({ prefix }) => !special.some((other) => other.prefix !== prefix && prefixWithin(prefix, other.prefix)),
);

/** The reason why no other node can reach this address ("a loopback address"); `undefined` if there is none. */
export function unreachableKind(address: Address): string | undefined {
  const kind = index.find(address)?.value;
  return kind !== undefined && mayBeDialled.includes(kind) ? undefined : kind;
}

/** Whether an address is one of the host itself, which no packet leaves. */
export const isLoopback = (address: Address): boolean => index.find(address)?.value === loopback;

/** The special networks that have addresses in common with a network. None of them lies in another. */
export const specialIn = (prefix: Prefix): readonly SpecialNetwork[] => {
  const around = index.findFirstOf(prefix);
  if (around && prefixWithin(prefix, around.prefix)) return [{ prefix: around.prefix, kind: around.value }];
  return outermost.filter((network) => prefixesTouch(network.prefix, prefix));
};

/** The prefixes without the special networks; the same list if there are none in it. */
export function withoutSpecial(prefixes: readonly Prefix[]): readonly Prefix[] {
  const isTouched = prefixes.some((prefix) => specialIn(prefix).length > 0);
  if (!isTouched) return prefixes;
  return subtract(
    prefixes,
    outermost.map(({ prefix }) => prefix),
  );
}

/**
 * The reason why a network should not be named as reachable: it is a special one, or contains one. A network that is so
 * wide that it means "everything" contains them all, and the addresses of clouds lie in networks of ordinary use.
 * Neither is a reason, as receivers leave the special networks out.
 */
export function unreachableNetwork(prefix: Prefix): string | undefined {
  const isWide = bitsOf(prefix) < (prefixFamily(prefix) === 4 ? 4 : 8);
  if (isWide) return undefined;
  const found = specialIn(prefix).find(
    (network) => network.kind !== cloudService || prefixWithin(prefix, network.prefix),
  );
  if (!found) return undefined;
  return prefixWithin(prefix, found.prefix) ? found.kind : `partly ${found.kind} (${found.prefix})`;
}

const privateNetworks = new PrefixIndex<true>();
for (const text of ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"])
  privateNetworks.add(parsePrefix(text) as Prefix, true);

/** Tells whether an address is in a private network, or in shared address space (RFC 6598). */
export const isPrivate = (address: Address): boolean => privateNetworks.find(address) !== undefined;

/** Tells whether an address is a KubeSpan ULA: IPv6 whose byte 0 is 0xfd and whose byte 7, which names the purpose, is 0x02. */
export const isKubespanULA = (address: Address): boolean => hasPurpose(address, 0x02);

/**
 * Tells whether an address is one of Talos' management tunnel (SideroLink), with byte 7 = 0x03. It is never an
 * endpoint.
 */
export const isSideroLink = (address: Address): boolean => hasPurpose(address, 0x03);

function hasPurpose(address: Address, purpose: number): boolean {
  if (familyOf(address) !== 6) return false;
  const bytes = addressToBytes(address);
  return bytes[0] === 0xfd && bytes[7] === purpose;
}
