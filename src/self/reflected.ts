import type { RegistryState } from "../discovery/index.ts";
import {
  type Address,
  isKubespanULA,
  isSideroLink,
  type LeftOut,
  type Prefix,
  unreachableKind,
} from "../net/index.ts";

/** The believed public address of this node, by the name of the registry that saw it. */
export type Reflected = ReadonlyMap<string, Address>;

/** Finds the network inside the mesh in which an address lies, if there is one. */
export type RouteOf = (address: Address) => Prefix | undefined;

/**
 * The reflected addresses that are believed. Once the mesh is up, the path to a registry on one of its nodes may lead
 * through the mesh, and the registry then sees an inner address. In that case the last valid address is kept.
 */
export function believeReflected(
  states: readonly RegistryState[],
  previous: Reflected,
  routeOf: RouteOf,
  own: readonly Address[],
): { reflected: Reflected; leftOut: LeftOut[] } {
  const reflected = new Map<string, Address>();
  const leftOut: LeftOut[] = [];
  for (const { name, reflected: address } of states) {
    const before = previous.get(name);
    const reason = address && refusalOf(address, routeOf);
    if (address !== undefined && reason !== undefined)
      leftOut.push({ value: address, reason: `registry ${name} sees us there: ${reason}` });
    const isNews = address !== undefined && reason === undefined && !own.includes(address);
    const believed = isNews ? address : before;
    if (believed !== undefined) reflected.set(name, believed);
  }
  return { reflected, leftOut };
}

/** The reason why an address at which others see this node is not announced; `undefined` if it is. */
export function refusalOf(address: Address, routeOf: RouteOf): string | undefined {
  if (isKubespanULA(address) || isSideroLink(address)) return "an address inside a tunnel";
  const route = routeOf(address);
  return route ? `inside ${route}, which is routed through the mesh` : unreachableKind(address);
}
