import { type Address, type Endpoint, endpointAddress, familyOf, type LeftOut } from "../net/index.ts";

/**
 * The endpoint that the router mapped to WireGuard's port, if it is announced. A router may be mistaken about its outer
 * address, or name somebody else's. So where others see this node, the address has to be one at which they see it.
 */
export function believePortMapping(
  external: Endpoint | undefined,
  seenAt: readonly Address[],
): { readonly endpoints: readonly Endpoint[]; readonly leftOut: readonly LeftOut[] } {
  if (external === undefined) return { endpoints: [], leftOut: [] };
  const seen = seenAt.filter((address) => familyOf(address) === 4);
  if (seen.length === 0 || seen.includes(endpointAddress(external)))
    return { endpoints: [external], leftOut: [] };
  const reason = `the router mapped it, but others see this node at ${seen.join(" and ")}`;
  return { endpoints: [], leftOut: [{ value: `endpoint ${external}`, reason }] };
}
