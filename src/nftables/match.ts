import { hexWord } from "../base/index.ts";
import type { StrictIngress } from "../config/index.ts";
import { addressFromBigInt, type Family, type Marks, maskOf, widthOf } from "../net/index.ts";
import type { Exits } from "./exit.ts";
import type { OtherMesh } from "./other-mesh.ts";
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
  /**
   * The families in which the mesh's link has an address that peers accept; `undefined` while nobody knows what they
   * accept.
   */
  readonly acceptedFamilies: readonly Family[] | undefined;
  /**
   * The links by which anybody may be reached, as those of default routes: nobody there is behind this node, whatever
   * his source.
   */
  readonly uplinks: readonly string[];
  /** The other meshes on this node. */
  readonly otherMeshes: readonly OtherMesh[];
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

/**
 * A statement that sets one of our bits, clears the other, and keeps those of others. It keeps the bit that is about to
 * be set, too, because that is the form in which the kernel gives the expression back.
 */
export function setBit(mark: "meta" | "ct", { marks }: Pick<RuleOptions, "marks">, bit: number): string {
  const kept = (~maskOf(marks) | bit) >>> 0;
  return `${mark} mark set ${mark} mark & ${hexWord(kept)} | ${hexWord(bit)}`;
}

/** A statement that clears both of our bits. */
export const clearBits = (mark: "meta" | "ct", { marks }: Pick<RuleOptions, "marks">): string =>
  `${mark} mark set ${mark} mark & ${hexWord(~maskOf(marks))}`;

/**
 * Whether a mark can have both of our bits as a value of its own, which no packet or connection has for another reason.
 * It cannot where one of our marks contains the other.
 */
export const canHaveBoth = ({ marks }: Pick<RuleOptions, "marks">): boolean =>
  ![marks.fromWireGuard, marks.toWireGuard].includes(maskOf(marks));

/** A match for packets of a connection whose mark has both of our bits. */
export const hasBoth = ({ marks }: Pick<RuleOptions, "marks">): string =>
  `ct mark & ${hexWord(maskOf(marks))} == ${hexWord(maskOf(marks))}`;

/** A statement that gives the mark of a connection both of our bits. */
export const setBoth = ({ marks }: Pick<RuleOptions, "marks">): string =>
  `ct mark set ct mark | ${hexWord(maskOf(marks))}`;
