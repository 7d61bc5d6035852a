import { z } from "zod";
import { ofForm, parseToolJson, valueOf } from "../base/index.ts";
import {
  type Endpoint,
  endpointAddress,
  endpointOf,
  isPrivate,
  type Prefix,
  parseAddress,
  prefixContains,
} from "../net/index.ts";
import type { Neighbour } from "./neighbours.ts";

const bare = z.object({ concat: z.tuple([z.string(), z.number()]) });
/** An element that ends by itself is written with the time that remains. */
const element = z.union([bare, z.object({ elem: z.object({ val: bare }) })]);
const listing = z.object({
  nftables: z.array(z.object({ set: z.object({ elem: z.array(element).optional() }).optional() })),
});

/** Reads the endpoints in a set from what `nft -j list set` prints. Never throws. */
export function parseEndpoints(text: string): readonly Endpoint[] {
  const { nftables = [] } = valueOf(ofForm(parseToolJson(text), listing)) ?? {};
  return nftables.flatMap(({ set }) =>
    (set?.elem ?? []).flatMap((found) => {
      const [host, port] = ("elem" in found ? found.elem.val : found).concat;
      const address = parseAddress(host);
      return (address && endpointOf(address, port)) ?? [];
    }),
  );
}

/**
 * Whether it is proven that others reach this node from outside: a member outside is connected at an endpoint from which
 * its handshake came unasked. Anybody can send such a packet, so one that led to no session proves nothing.
 */
export const isProvenBy = (unasked: readonly Endpoint[], outside: readonly Neighbour[]): boolean =>
  outside.some(({ endpoint }) => unasked.includes(endpoint));

/** The neighbours outside: their endpoints are public, or in none of this node's networks. */
export const outsideOf = (neighbours: readonly Neighbour[], networks: readonly Prefix[]): Neighbour[] =>
  neighbours.filter(({ endpoint }) => {
    const address = endpointAddress(endpoint);
    return !isPrivate(address) || !networks.some((network) => prefixContains(network, address));
  });
