import { hexWord } from "../base/index.ts";
import type { StrictIngress } from "../config/index.ts";
import { addressFromBigInt, type Family, type Marks, maskOf, widthOf } from "../net/index.ts";
import type { Exits } from "./exits.ts";
import type { NetworkSet } from "./sets.ts";

/** The values on which the rules depend besides the sets. */
export interface RuleOptions {
  readonly marks: Marks;
  /** The name of the mesh's link. */
  readonly interfaceName: string;
  /** The MTU of that link in bytes. */
  readonly mtu: number;
  /** The UDP port of WireGuard. */
  readonly listenPort: number;
  /** Whether packets for a target leave through the mesh or not at all. */
  readonly isClosed: boolean;
  /** Whether TCP and pings that arrived outside the mesh are answered there. */
  readonly answerOutside: boolean;
  /** The packets that are dropped when they arrive outside the mesh, although they belong in it. */
  readonly strictIngress: StrictIngress;
  /** The TCP ports at which this node may serve a registry. Others need them before they are in the mesh. */
  readonly registryPorts: readonly number[];
  /** The connections to registries, and answers of registries here, that may leave outside the mesh. */
  readonly exits: Exits;
}

export const families: readonly Family[] = [4, 6];

export const headerOf = (family: Family): "ip" | "ip6" => (family === 4 ? "ip" : "ip6");

/** A match for a packet whose address is in the set. */
export function matchOf({ name, family, bits }: NetworkSet, end: "saddr" | "daddr"): string {
  const mask = bits === undefined || bits === widthOf(family) ? "" : ` & ${netmask(family, bits)}`;
  return `${headerOf(family)} ${end}${mask} @${name}`;
}

const netmask = (family: Family, bits: number): string => {
  const width = BigInt(widthOf(family));
  const hostBits = width - BigInt(bits);
  return addressFromBigInt(family, ((1n << width) - 1n) ^ ((1n << hostBits) - 1n));
};

/** A match for packets of a connection that arrived outside the mesh and may be answered there. */
export const cameInOutside = ({ marks }: RuleOptions): string =>
  `ct mark & ${hexWord(maskOf(marks))} == ${hexWord(marks.fromWireGuard)}`;
