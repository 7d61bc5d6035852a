import {
  type Address,
  addressToBytes,
  bitsOf,
  type Family,
  familyOf,
  hostPrefix,
  prefixOf,
} from "../../src/net/index.ts";
import { runProgram } from "./bpf.ts";
import type { FakeKernel } from "./kernel.ts";
import type { Link, Links } from "./links.ts";
import { type Packet, passes } from "./nft-packet.ts";
import { numberOf } from "./nft-sets.ts";
import type { Route } from "./routing.ts";

/**
 * The end of a packet's way through this node:
 * - `tunnel`: WireGuard has a peer for it, and sends it to that peer or to nobody
 * - `refused`: it goes nowhere
 * - `here`: it is for this node
 * - `clear`: it leaves the node as it is
 */
export type Fate = "tunnel" | "refused" | "here" | "clear";

interface Sent {
  /** The sender: this node, or a pod behind this link, on a connection that is known. */
  readonly from?: "node" | { readonly link: string };
  /** The packet mark that the sender sets; 0 if nothing is said. */
  readonly mark?: number;
  readonly port?: number;
}

/** Tells what becomes of a UDP packet to this address, which rules, table 180, the nft table and the second barrier judge. */
export function fateOf(
  kernel: FakeKernel,
  to: Address,
  { from = "node", mark = 0, port = 40_000 }: Sent = {},
): Fate {
  const { links, ruleset } = kernel;
  if (links.isOwn(to)) return "here";
  const iif = from === "node" ? undefined : from.link;
  const family = familyOf(to);
  const packet: Packet = {
    family,
    saddr: undefined,
    daddr: numberOf(to)?.value ?? 0n,
    sport: port,
    dport: 7,
    mark,
    iif,
    oif: undefined,
  };
  const route = (): Route | undefined => links.routing.lookUp(to, packet.mark, connected(links));
  const first = route();
  // A node sends nothing for which there is no route before the chains have marked it.
  if (iif === undefined && !first?.device) return "refused";
  packet.oif = iif === undefined ? first?.device : undefined;
  if (!passes(ruleset, iif === undefined ? "output" : "prerouting", packet)) return "refused";
  const { device } = route() ?? {};
  if (device === undefined) return "refused";
  packet.oif = device;
  if (iif !== undefined && !passes(ruleset, "forward", packet)) return "refused";
  if (!passes(ruleset, "postrouting", packet)) return "refused";
  const wireguard = kernel.devices.get(device);
  if (wireguard) return wireguard.ownerOf(to) ? "tunnel" : "refused";
  return isStopped(links.get(device), to, packet) ? "refused" : "clear";
}

/** The routes to the networks of links that are up. The kernel makes them itself. */
const connected = (links: Links): Route[] =>
  [...links.all.values()]
    .filter(({ isUp }) => isUp)
    .flatMap(({ name, addresses }) =>
      addresses.flatMap(({ address, bits }) => {
        const to = prefixOf(address, bits);
        const table = 254;
        return to === undefined || to === hostPrefix(address) || bitsOf(to) === 0
          ? []
          : [{ family: familyOf(address), table, type: "unicast", to, device: name, metric: 0 }];
      }),
    );

const [dropped, noVerdict] = [2, 0xffffffff];

/** Asks the programs at the link, in their order. The first that has a verdict has the last word. */
function isStopped(link: Link, to: Address, packet: Packet): boolean {
  const frame = {
    mark: packet.mark,
    protocol: packet.family === 4 ? 0x0800 : 0x86dd,
    packet: bytesOf(packet.family, to, packet),
    header: Buffer.from(`ffffffffffff${(link.hardwareAddress ?? "").replaceAll(":", "")}0800`, "hex"),
  };
  const own = link.filters.filter(({ way }) => way === "egress");
  const verdicts = own
    .toSorted((left, right) => left.preference - right.preference)
    .map(({ program }) => runProgram(program, frame));
  return verdicts.find((verdict) => verdict !== noVerdict) === dropped;
}

/** Writes an IP header and a UDP header, as far as programs read them. */
function bytesOf(family: Family, to: Address, { sport, dport }: Packet): Uint8Array {
  const size = family === 4 ? 20 : 40;
  const packet = Buffer.alloc(size + 8);
  packet[0] = family === 4 ? 0x45 : 0x60;
  packet[family === 4 ? 9 : 6] = 17;
  packet.set(addressToBytes(to), family === 4 ? 16 : 24);
  packet.writeUInt16BE(sport, size);
  packet.writeUInt16BE(dport, size + 2);
  return packet;
}
