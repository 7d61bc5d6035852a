import { soundNode } from "./node.ts";
import type { Case } from "./registry-cases.ts";

const { settings, kernel } = soundNode;
const withGo = [{ name: "wireguard-go", isInstalled: true }];

/** What the kernel has of WireGuard and nf_tables. */
export const kernelCases: readonly Case[] = [
  [
    "no WireGuard at all",
    { kernel: { ...kernel, wireguard: "none" } },
    "wireguard",
    "error",
    /apt-get install -y wireguard-go/,
  ],
  ["wireguard-go only", { kernel: { ...kernel, wireguard: "none" }, tools: withGo }, "wireguard", "note"],
  [
    "wireguard-go without tun",
    {
      kernel: {
        ...kernel,
        wireguard: "none",
        tunProblem: { isMissing: true, text: "/dev/net/tun is missing" },
      },
      tools: withGo,
    },
    "wireguard",
    "error",
    /modprobe tun/,
  ],
  [
    "kernel wanted, none there",
    {
      kernel: { ...kernel, wireguard: "none" },
      settings: { ...settings, wireguard: "kernel" },
      tools: withGo,
    },
    "wireguard",
    "error",
    /5\.6/,
  ],
  [
    "userspace wanted",
    { settings: { ...settings, wireguard: "userspace" }, tools: withGo },
    "wireguard",
    "ok",
  ],
  [
    "wireguard-go that may not open tun",
    {
      kernel: {
        ...kernel,
        wireguard: "none",
        tunProblem: { isMissing: false, text: "/dev/net/tun may not be used" },
      },
      tools: withGo,
    },
    "wireguard",
    "error",
    /may not be used.*DeviceAllow=/,
  ],
  [
    "nf_tables without translation of addresses",
    { natProblem: { unknown: "Could not process rule: No such file or directory" } },
    "nftables.nat",
    "error",
    /No such file.*modprobe nft_chain_nat.*modprobe nft_masq/,
  ],
  [
    "no nf_tables",
    { nftTables: { unknown: "Operation not supported" } },
    "nftables",
    "error",
    /not supported.*modprobe nf_tables/,
  ],
  [
    "nf_tables that only root can see",
    { nftTables: { unknown: "Operation not permitted" }, userId: 1000 },
    "nftables",
    "note",
    /could not be looked at.*not permitted/,
  ],
];
