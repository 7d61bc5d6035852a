import { type Address, addressToBytes, familyOf } from "./address.ts";
import { type Prefix, parsePrefix } from "./prefix.ts";
import { PrefixIndex } from "./prefix-index.ts";

const special: readonly (readonly [Prefix, string])[] = (
  [
    ["0.0.0.0/8", "unspecified"],
    ["127.0.0.0/8", "a loopback address"],
    ["169.254.0.0/16", "link-local"],
    ["224.0.0.0/4", "multicast"],
    ["240.0.0.0/4", "reserved"],
    ["::/128", "unspecified"],
    ["::1/128", "a loopback address"],
    ["fe80::/10", "link-local"],
    ["ff00::/8", "multicast"],
  ] as const
).map(([text, name]) => [parsePrefix(text) as Prefix, name] as const);

const specialIndex = new PrefixIndex<string>();
for (const [prefix, name] of special) specialIndex.add(prefix, name);

/** Why no other node can reach this address ("a loopback address"), or `undefined` if nothing speaks against it. */
export const unreachableKind = (address: Address): string | undefined => specialIndex.find(address)?.value;

/** A KubeSpan ULA: IPv6 with byte 0 = 0xfd and byte 7 = 0x02 (reference section 2). */
export const isKubespanULA = (address: Address): boolean => hasPurpose(address, 0x02);

/** An address of Talos' management tunnel (SideroLink), which is never an endpoint: byte 7 = 0x03. */
export const isSideroLink = (address: Address): boolean => hasPurpose(address, 0x03);

function hasPurpose(address: Address, purpose: number): boolean {
  if (familyOf(address) !== 6) return false;
  const bytes = addressToBytes(address);
  return bytes[0] === 0xfd && bytes[7] === purpose;
}
