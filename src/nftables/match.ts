import { hexWord } from "../base/index.ts";
import type { StrictIngress } from "../config/index.ts";
import { addressFromBigInt, type Family, type Marks, maskOf, widthOf } from "../net/index.ts";
import type { NetworkSet } from "./sets.ts";

/** What the rules need to know besides the sets. */
export interface RuleOptions {
  readonly marks: Marks;
  /** The link of the mesh. */
  readonly interfaceName: string;
  /** Bytes, of that link. */
  readonly mtu: number;
  /** WireGuard's. */
  readonly listenPort: number;
  /** Whether what goes to a target leaves through the mesh or not at all. */
  readonly isClosed: boolean;
  /** Whether TCP and pings that came in outside the mesh are answered there. */
  readonly answerOutside: boolean;
  /** What is dropped that arrives outside, although it belongs in the mesh. */
  readonly strictIngress: StrictIngress;
  /** TCP ports at which this node may serve a registry: others need them before they are in the mesh. */
  readonly registryPorts: readonly number[];
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

/** A connection that came in outside the mesh and may be answered there. */
export const cameInOutside = ({ marks }: RuleOptions): string =>
  `ct mark & ${hexWord(maskOf(marks))} == ${hexWord(marks.fromWireGuard)}`;
