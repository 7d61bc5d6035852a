import { z } from "zod";
import { ofForm, parseToolJson, valueOf } from "../base/index.ts";

/** Six bytes of `00:11:22:aa:bb:cc`; `undefined` for other text, group addresses and zero. */
export function hardwareAddressBytes(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text)) return undefined;
  const bytes = Uint8Array.from(text.split(":"), (part) => Number.parseInt(part, 16));
  const isGroup = ((bytes[0] ?? 0) & 1) === 1;
  return isGroup || bytes.every((byte) => byte === 0) ? undefined : bytes;
}

/** A made-up address from six random bytes: locally administered, not a group. */
export function localHardwareAddress(random: (count: number) => Uint8Array): string {
  const [first = 0, ...rest] = random(6);
  return [(first & 0xfc) | 0x02, ...rest].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

const links = z.array(
  z.object({
    ifindex: z.number(),
    link_type: z.string().optional(),
    address: z.string().optional(),
    linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
  }),
);

/**
 * The hardware address of the physical Ethernet link with the lowest index, from the output of
 * `ip -json -details link show`; `undefined` if there is none or the output is not that. Links that software made
 * (veth, bridge, bond, tun, dummy ...) carry an `info_kind`; their addresses change from boot to boot.
 */
export function physicalHardwareAddress(output: string): string | undefined {
  const found = valueOf(ofForm(parseToolJson(output), links)) ?? [];
  return found
    .filter((link) => link.link_type === "ether" && link.linkinfo?.info_kind === undefined)
    .toSorted((left, right) => left.ifindex - right.ifindex)
    .map((link) => link.address?.toLowerCase() ?? "")
    .find((address) => hardwareAddressBytes(address) !== undefined);
}
