import { z } from "zod";
import { type Address, parseAddress, parseHardwareAddress } from "../net/index.ts";
import { parseToolList } from "./tool-json.ts";

/** A network link with its addresses. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /**
   * The kind of the link: `wireguard`, `tun`, `veth`, `bridge`...; `undefined` for hardware and where the kernel does
   * not say.
   */
  readonly kind: string | undefined;
  readonly up: boolean;
  /** The MTU in bytes. */
  readonly mtu: number;
  /** The hardware address, such as `aa:bb:cc:dd:ee:ff`; `undefined` where a link has none (loopback, tunnels). */
  readonly hardwareAddress: string | undefined;
  readonly addresses: readonly LinkAddress[];
  /**
   * Whether the link is a port of a bridge, a bond or a switch. The node's own packets pass those, and not the port's
   * own layer.
   */
  readonly isPort: boolean;
  /** The link of which this one is a port; absent where it is none. */
  readonly master?: string;
  /** Whether a default route of the main table leads through the link; absent where nobody looked. */
  readonly leadsOut?: boolean;
}

export interface LinkAddress {
  readonly address: Address;
  readonly bits: number;
  /** The scope of the address: `global`, `link`, `host`... or a number. */
  readonly scope: string;
  readonly deprecated: boolean;
  /** Whether duplicate address detection has not passed, or not yet. */
  readonly tentative: boolean;
}

const addressForm = z.looseObject({
  local: z.string().optional(),
  prefixlen: z.number().int().min(0).max(128).default(0),
  scope: z.union([z.string(), z.number()]).default("global"),
  deprecated: z.boolean().default(false),
  tentative: z.boolean().default(false),
  dadfailed: z.boolean().default(false),
});

const linkForm = z.looseObject({
  ifindex: z.number().int().default(0),
  ifname: z.string().optional(), // a filtered list has empty objects in some versions
  flags: z.array(z.string()).default([]),
  mtu: z.number().int().min(0).default(0),
  link_type: z.string().default(""),
  address: z.string().optional(),
  master: z.string().optional(),
  linkinfo: z
    .looseObject({ info_kind: z.string().optional(), info_slave_kind: z.string().optional() })
    .default({}),
  addr_info: z.array(addressForm).default([]),
});

/** Parses the output of `ip -j -d address show`, in the order of the kernel. */
export const parseLinks = (text: string): Link[] =>
  parseToolList("ip address", text, linkForm).flatMap((link) =>
    link.ifname === undefined
      ? []
      : [
          {
            index: link.ifindex,
            name: link.ifname,
            kind: link.linkinfo.info_kind,
            up: link.flags.includes("UP"),
            mtu: link.mtu,
            hardwareAddress: hardwareAddress(link.link_type, link.address),
            addresses: link.addr_info.flatMap(linkAddress),
            isPort: (link.linkinfo.info_slave_kind ?? "vrf") !== "vrf",
            ...(link.master !== undefined && { master: link.master }),
          },
        ],
  );

function linkAddress(info: z.infer<typeof addressForm>): LinkAddress[] {
  const address = parseAddress(info.local ?? "");
  if (address === undefined) return []; // another family, or an empty object in a filtered list
  return [
    {
      address,
      bits: info.prefixlen,
      scope: String(info.scope),
      deprecated: info.deprecated,
      tentative: info.tentative || info.dadfailed,
    },
  ];
}

const hardwareAddress = (type: string, address: string | undefined): string | undefined =>
  type === "ether" && address !== undefined && parseHardwareAddress(address) ? address : undefined;
