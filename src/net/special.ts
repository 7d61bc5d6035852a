import { type Address, addressToBytes, familyOf } from "./address.ts";
import { bitsOf, type Prefix, parsePrefix, prefixesTouch, prefixFamily, prefixWithin } from "./prefix.ts";
import { PrefixIndex } from "./prefix-index.ts";
import { subtract } from "./prefix-set.ts";

/** A network that nobody may claim, whatever else its claim holds. */
interface SpecialNetwork {
  readonly prefix: Prefix;
  /** What messages call it. */
  readonly kind: string;
}

/** Translators stand in the network itself, and belong to no member. */
const translated = "an address for IPv4 hosts";
/** Deprecated (RFC 3879). */
const siteLocal = "site-local";
/** Where packets may be sent all the same, if they belong to nobody. */
const mayBeDialled: readonly string[] = [translated, siteLocal];
/** Where a cloud tells a machine who it is, and hands out credentials. Networks around them are in ordinary use. */
const cloudService = "an address of the cloud's own services";

/** The one table of them. Whoever got one of the cloud's would answer for it: it is asked for tokens, time and names. */
const special: readonly SpecialNetwork[] = (
  [
    ["0.0.0.0/8", "unspecified"],
    ["127.0.0.0/8", "a loopback address"],
    ["169.254.0.0/16", "link-local"],
    ["224.0.0.0/4", "multicast"],
    ["240.0.0.0/4", "reserved"],
    ["100.100.100.200/32", cloudService], // Alibaba Cloud
    ["168.63.129.16/32", cloudService], // Azure
    ["::/8", "reserved"], // also addresses that have an IPv4 address in them, such as ::169.254.169.254
    ["::/128", "unspecified"],
    ["::1/128", "a loopback address"],
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

/** Those that lie in no other one: all of the table, with as few networks as cover it. */
const outermost: readonly SpecialNetwork[] = special.filter(
  ({ prefix }) => !special.some((other) => other.prefix !== prefix && prefixWithin(prefix, other.prefix)),
);

/** Why no other node can reach this address ("a loopback address"), or `undefined` if nothing speaks against it. */
export function unreachableKind(address: Address): string | undefined {
  const kind = index.find(address)?.value;
  return kind !== undefined && mayBeDialled.includes(kind) ? undefined : kind;
}

/** The special networks that have addresses in common with a network; none lies in another. */
export const specialIn = (prefix: Prefix): readonly SpecialNetwork[] => {
  const around = index.find(prefix.slice(0, prefix.indexOf("/")) as Address);
  if (around && prefixWithin(prefix, around.prefix)) return [{ prefix: around.prefix, kind: around.value }];
  return outermost.filter((network) => prefixesTouch(network.prefix, prefix));
};

/** The same addresses without those that nobody may claim; the same list if there are none. */
export function withoutSpecial(prefixes: readonly Prefix[]): readonly Prefix[] {
  const isTouched = prefixes.some((prefix) => specialIn(prefix).length > 0);
  if (!isTouched) return prefixes;
  return subtract(
    prefixes,
    outermost.map(({ prefix }) => prefix),
  );
}

/**
 * Why a network is not one to name as reachable: it is a special one, or has one in it. What is so wide that it is meant as
 * "everything" has all of them in it, and the addresses of clouds lie among those that anybody uses: others leave these out.
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

/** Of the networks that everybody may use at home, shared address space (RFC 6598) included. */
export const isPrivate = (address: Address): boolean => privateNetworks.find(address) !== undefined;

/** A KubeSpan ULA: IPv6 with byte 0 = 0xfd and byte 7 = 0x02 (reference section 2). */
export const isKubespanULA = (address: Address): boolean => hasPurpose(address, 0x02);

/** An address of Talos' management tunnel (SideroLink), which is never an endpoint: byte 7 = 0x03. */
export const isSideroLink = (address: Address): boolean => hasPurpose(address, 0x03);

function hasPurpose(address: Address, purpose: number): boolean {
  if (familyOf(address) !== 6) return false;
  const bytes = addressToBytes(address);
  return bytes[0] === 0xfd && bytes[7] === purpose;
}
