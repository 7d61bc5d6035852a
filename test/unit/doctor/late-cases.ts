import { soundNode } from "./node.ts";
import type { Case } from "./registry-cases.ts";

const tookLong = "nft list tables did not finish within 20 s";
const error = { message: "did not answer in time", hint: "check it", isLate: true };

/** What merely took long, as it does on a busy machine. None of it is an error. */
export const lateCases: readonly Case[] = [
  [
    "nft takes too long",
    { nftTables: { unknown: tookLong, isLate: true } },
    "nftables",
    "note",
    /could not be looked at.*20 s/,
  ],
  [
    "nft takes too long to check a chain that translates addresses",
    { natProblem: { unknown: tookLong, isLate: true } },
    "nftables.nat",
    "note",
    /could not be looked at.*20 s/,
  ],
  [
    "modprobe takes too long",
    { kernel: { ...soundNode.kernel, wireguard: "unknown" } },
    "wireguard",
    "note",
    /could not be looked at/,
  ],
  [
    "ss or wg takes too long",
    { port: { unknown: "wg show all listen-port did not finish within 20 s" } },
    "port",
    "note",
  ],
  [
    "the only discovery service takes too long",
    { services: [{ location: "a", error }] },
    "discovery.a",
    "warning",
    /took too long.*did not answer in time/,
  ],
  [
    "Kubernetes takes too long",
    { services: [{ location: "https://k:6443", node: "n", error }] },
    "discovery.https://k:6443",
    "warning",
    /the Kubernetes API took too long/,
  ],
];
