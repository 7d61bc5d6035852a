import { createHash } from "node:crypto";
import { type Address, addressFromBytes, type Prefix, prefixOf } from "../net/index.ts";
import { hardwareAddressBytes } from "./hardware-address.ts";

const ulaByte = 0xfd;
/** Byte 7 of the network names the purpose of a Talos ULA; 2 is KubeSpan. */
const kubespanPurpose = 0x02;

/** The cluster's /64, in which all KubeSpan addresses lie. It is derived from the SHA-256 of the cluster id as text. */
export function clusterPrefix(clusterId: string): Prefix {
  const prefix = prefixOf(toAddress(networkBytes(clusterId)), 64);
  if (prefix === undefined) throw new TypeError("an IPv6 address has a /64");
  return prefix;
}

/** The node's KubeSpan address: the cluster's /64 with the EUI-64 of a hardware address (RFC 4291, appendix A). */
export function kubespanAddress(clusterId: string, hardwareAddress: string): Address {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = hardwareAddressBytes(hardwareAddress) ?? [];
  const bytes = networkBytes(clusterId);
  bytes.set([a ^ 0x02, b, c, 0xff, 0xfe, d, e, f], 8);
  return toAddress(bytes);
}

/** The 16 bytes of the cluster's network, of which the last 8 are zero. */
function networkBytes(clusterId: string): Uint8Array {
  const digest = createHash("sha256").update(clusterId, "utf8").digest();
  const bytes = new Uint8Array(16);
  bytes.set(digest.subarray(16, 24));
  bytes[0] = ulaByte;
  bytes[7] = kubespanPurpose;
  return bytes;
}

function toAddress(bytes: Uint8Array): Address {
  const address = addressFromBytes(bytes);
  if (address === undefined) throw new TypeError("16 bytes make an address");
  return address;
}
