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

const element = z.object({
  elem: z.object({ val: z.object({ concat: z.tuple([z.string(), z.number()]) }) }),
});
const listing = z.object({
  nftables: z.array(z.object({ set: z.object({ elem: z.array(element).optional() }).optional() })),
});

/** Reads from `nft -j list set` whose initiations came although nothing had been sent to them. Never throws. */
export function parseUnasked(text: string): readonly Endpoint[] {
  const { nftables = [] } = valueOf(ofForm(parseToolJson(text), listing)) ?? {};
  return nftables.flatMap(({ set }) =>
    (set?.elem ?? []).flatMap(({ elem: { val } }) => {
      const [host, port] = val.concat;
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
