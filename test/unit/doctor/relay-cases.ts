import { link, linksFrom, soundNode } from "./node.ts";
import type { Case } from "./registry-cases.ts";

const relaying = { ...soundNode.settings, relays: true };
const oneLink = linksFrom(link("eth0", 1500));
const [table, table6] = ["ip kubespan_relay", "ip6 kubespan_relay"] as const;
const withSettings = (...changes: readonly (readonly [string, string])[]) => ({
  links: oneLink,
  sysctls: new Map([...soundNode.sysctls, ...changes]),
});
const strictLink = withSettings(["net/ipv4/conf/all/rp_filter", "0"], ["net/ipv4/conf/eth0/rp_filter", "1"]);
const closedLink = withSettings(["net/ipv4/conf/eth0/forwarding", "0"]);

/** The cases about what a relay needs. */
export const relayCases: readonly Case[] = [
  [
    "room in the maps of a relay",
    { relayMaps: [{ table, entries: 100, most: 12_800 }] },
    "relay.maps",
    "ok",
    /100 of at most 12800 entries in ip kubespan_relay/,
  ],
  [
    "room in the maps of a relay of both families",
    { relayMaps: [table, table6].map((each) => ({ table: each, entries: 100, most: 12_800 })) },
    "relay.maps",
    "ok",
    /in ip kubespan_relay.*in ip6 kubespan_relay"/,
  ],
  [
    "hardly any room in the maps of a relay",
    { relayMaps: [{ table, entries: 10_240, most: 12_800 }] },
    "relay.maps",
    "warning",
    /relay\.maxPairs/,
  ],
  [
    "hardly any room in the map of one family",
    {
      relayMaps: [
        { table, entries: 10, most: 12_800 },
        { table: table6, entries: 12_800, most: 12_800 },
      ],
    },
    "relay.maps",
    "warning",
    /"evidence":"12800 of at most 12800 entries in ip6 kubespan_relay"/,
  ],
  ["a strict reverse-path filter on a link", strictLink, "link.ipv4_rp_filter", "note"],
  [
    "a strict reverse-path filter on a link of a relay",
    { ...strictLink, settings: relaying },
    "link.ipv4_rp_filter",
    "warning",
    /also what this node is to relay/,
  ],
  ["a link that forwards nothing", closedLink, "link.ipv4_forwarding", "note"],
  [
    "a link of a relay that forwards nothing",
    { ...closedLink, settings: relaying },
    "link.ipv4_forwarding",
    "warning",
    /relays nothing from there/,
  ],
];
