import type { DecidedWay, PeerOnTheWay, Taken, Why } from "../api/index.ts";
import {
  type Address,
  familyOf,
  maskedText,
  PrefixIndex,
  prefixContains,
  steeredMark,
} from "../net/index.ts";
import { elementIn } from "../nftables/index.ts";
import type { Seen } from "./seen.ts";

/** The way that was decided for an address, and what it is. */
export interface Decided extends Pick<Why, "subject" | "notes"> {
  readonly way: DecidedWay;
  readonly peer?: PeerOnTheWay;
}

/** Tells where packets of this node for an address go, by what was decided. */
export function decidedWay(seen: Seen, address: Address): Decided {
  const { pass, self, config } = seen;
  if (!pass) return { subject: "outside", way: {}, notes: [whyNoPass(config)] };
  if (address === self.address || pass.kernel.addresses.usable.includes(address))
    return { subject: "this node", way: { link: "lo" }, notes: [] };
  const link = config.interfaceName;
  const peer = peerOf(seen, address);
  const to = peer ? { peer } : {};
  if (prefixContains(self.clusterPrefix, address))
    return { subject: "mesh address", way: { link }, ...to, notes: notesOn(seen, address, peer) };
  const found = elementIn(pass.decision.targets, address);
  if (!found) return { subject: "outside", way: {}, notes: [] };
  const mark = maskedText(steeredMark(config.marks));
  const { table, priority } = config.routing;
  const rule = `${priority}: from all fwmark ${mark} lookup ${table}`;
  const way = { ...found, mark, rule, table, link };
  return { subject: "target", way, ...to, notes: notesOn(seen, address, peer) };
}

const whyNoPass = ({ enabled }: Seen["config"]): string =>
  enabled ? "no pass has ended yet, so nothing is decided" : "the mesh is disabled in the configuration";

/** Finds the peer to which WireGuard sends what is for an address: the one with the longest network around it. */
function peerOf({ pass, status }: Seen, address: Address): PeerOnTheWay | undefined {
  const index = new PrefixIndex<string>();
  for (const { publicKey, allowedIPs } of pass?.device?.peers.values() ?? [])
    for (const prefix of allowedIPs) index.add(prefix, publicKey);
  const found = index.find(address);
  const peer = status.peers.find(({ publicKey }) => publicKey === found?.value);
  if (!found || !peer) return undefined;
  const { label, publicKey, state, endpoint, way, trouble } = peer;
  return {
    label,
    publicKey,
    state,
    allowedIP: found.prefix,
    ...(endpoint !== undefined && { endpoint }),
    ...(way && "via" in way && { via: way.via }),
    ...(trouble !== undefined && { trouble }),
  };
}

function notesOn({ pass }: Seen, address: Address, peer: PeerOnTheWay | undefined): string[] {
  const family =
    familyOf(address) === 4 ? pass?.kernel.routing.ipv4Routing : pass?.kernel.routing.ipv6Routing;
  const exits = (pass?.decision.exits.registries ?? []).filter((exit) => exit.address === address);
  return [
    ...(peer ? [] : ["no peer has the address, so what is sent there is refused"]),
    ...(peer && peer.state !== "up" ? [`${peer.label} is ${peer.state}, so what is sent there is lost`] : []),
    ...exits.map(({ port }) => `TCP to port ${port}, a registry, leaves outside while the peer is not up`),
    ...(family?.ahead ?? []).map(({ text }) => `a rule of somebody else's comes first: ${text}`),
  ];
}

/** Compares what was decided with what the kernel says; gives the differences in words. */
export function differencesBetween(way: DecidedWay, taken: Taken): readonly string[] {
  const wanted = way.set === undefined ? [] : [way.set];
  const missing = wanted.filter((set) => !taken.sets.includes(set));
  const excess = taken.sets.filter((set) => !wanted.includes(set));
  return [
    ...missing.map((set) => `the nft set ${set} lacks the address: packets are not sent into the mesh`),
    ...excess.map((set) => `the nft set ${set} has the address, which is not to be sent into the mesh`),
    ...(way.table !== undefined && taken.refused === undefined && taken.table !== way.table
      ? [`the route is one of table ${taken.table ?? "main"}, and not of table ${way.table}`]
      : []),
    ...(way.link !== undefined && taken.link !== way.link
      ? [
          taken.refused === undefined
            ? `the packet leaves by ${taken.link ?? "no link"}, and not by ${way.link}`
            : `the kernel refuses the packet: ${taken.refused}`,
        ]
      : []),
    ...(way.link === undefined && taken.mark !== undefined
      ? [`the packet is marked ${taken.mark} and sent into the mesh`]
      : []),
  ];
}
