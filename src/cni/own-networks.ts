import { z } from "zod";
import { ofForm, parseToolJson, valueOf } from "../base/index.ts";
import {
  isHostPrefix,
  type Prefix,
  parsePrefix,
  prefixContains,
  subtract,
  unite,
  withoutSpecial,
} from "../net/index.ts";
import { ciliumLink } from "./cilium.ts";
import type { CniFacts } from "./facts.ts";
import { isBlock, isOfOwnPods, type MainRoute } from "./main-route.ts";

/** The largest number of single pods outside of all networks that are named. */
const mostSingle = 64;

/**
 * The networks from which this node's pods have their addresses, as they are found on the node: Calico's blocks, Cilium's
 * own network, the networks of bridges, the ranges of host-local, and single pods outside of all of these.
 */
export function podNetworksOfNode({
  routes,
  ranges,
}: Pick<CniFacts, "routes" | "ranges">): readonly Prefix[] {
  const own = routes.filter((route) => isOfOwnPods(route) || isCiliumsOwn(route));
  const networks = own
    .filter((route) => isBlock(route) || !isHostPrefix(route.network))
    .map(({ network }) => network);
  const known = [...networks, ...ranges];
  const single = own
    .map(({ network }) => network)
    .filter((network) => isHostPrefix(network) && subtract([network], known).length > 0);
  return withoutSpecial(unite([...known, ...single.slice(0, mostSingle)]));
}

/** Whether a route is that of Cilium to its pods on this node. The gateway is its address there, one of that network. */
const isCiliumsOwn = ({ link, gateway, network }: MainRoute): boolean =>
  link === ciliumLink && gateway !== undefined && prefixContains(network, gateway);

const rangeForm = z.looseObject({ subnet: z.string().optional() });
const ipamForm = z.looseObject({
  type: z.string().optional(),
  subnet: z.string().optional(),
  ranges: z.array(z.array(rangeForm).max(16)).max(16).default([]),
});
const pluginForm = z.looseObject({ ipam: ipamForm.optional() });
const listForm = pluginForm.extend({ plugins: z.array(pluginForm).max(64).default([]) });

/** The ranges of host-local in a file of /etc/cni/net.d. */
export function hostLocalRanges(text: string): Prefix[] {
  const list = valueOf(ofForm(parseToolJson(text), listForm));
  if (!list) return [];
  return [list, ...list.plugins].flatMap(({ ipam }) =>
    ipam?.type === "host-local"
      ? [ipam.subnet, ...ipam.ranges.flat().map(({ subnet }) => subnet)].flatMap(
          (subnet) => parsePrefix(subnet ?? "") ?? [],
        )
      : [],
  );
}

/** The networks of this node in Flannel's `/run/flannel/subnet.env`, which has the address of the bridge. */
export const flannelNetworks = (text: string): Prefix[] =>
  [...text.matchAll(/^FLANNEL_(?:IPV6_)?SUBNET=(\S{1,64})$/gm)].flatMap(
    ([, network = ""]) => parsePrefix(network) ?? [],
  );
