import { z } from "zod";
import { ofForm, parseToolJson, valueOf } from "../base/index.ts";
import { hardwareAddressText, parseHardwareAddress } from "../net/index.ts";

/** The six bytes of `00:11:22:aa:bb:cc`; `undefined` for other text, group addresses and zero. */
export function hardwareAddressBytes(text: string): Uint8Array | undefined {
  const bytes = parseHardwareAddress(text);
  if (!bytes) return undefined;
  const isGroup = ((bytes[0] ?? 0) & 1) === 1;
  return isGroup || bytes.every((byte) => byte === 0) ? undefined : bytes;
}

/** A made-up address from six random bytes, marked as locally administered and not as a group. */
export function localHardwareAddress(random: (count: number) => Uint8Array): string {
  const [first = 0, ...rest] = random(6);
  return hardwareAddressText(Uint8Array.of((first & 0xfc) | 0x02, ...rest));
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
 * The hardware address of the physical Ethernet link with the lowest index, from the output of `ip -json -details link
 * show`; `undefined` if there is none or the output is malformed. Links made by software (veth, bridge, bond, tun,
 * dummy) carry an `info_kind` and are ignored, because their addresses change from boot to boot.
 */
export function physicalHardwareAddress(output: string): string | undefined {
  const found = valueOf(ofForm(parseToolJson(output), links)) ?? [];
  return found
    .filter((link) => link.link_type === "ether" && link.linkinfo?.info_kind === undefined)
    .toSorted((left, right) => left.ifindex - right.ifindex)
    .map((link) => link.address?.toLowerCase() ?? "")
    .find((address) => hardwareAddressBytes(address) !== undefined);
}
