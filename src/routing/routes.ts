import { z } from "zod";
import { parseAddress } from "../net/index.ts";
import { isBarrier } from "./barrier.ts";
import type { ObservedRoute } from "./route.ts";
import { parseToolList } from "./tool-json.ts";

/** The names of RTN_* in the kernel's include/uapi/linux/rtnetlink.h, by the numbers that `ip -N` prints. */
const typesByNumber: Readonly<Record<string, string>> = {
  1: "unicast",
  2: "local",
  3: "broadcast",
  6: "blackhole",
  7: "unreachable",
  8: "prohibit",
  9: "throw",
};

const routeForm = z.looseObject({
  dst: z.string(),
  type: z
    .string()
    .default("unicast")
    .transform((type) => typesByNumber[type] ?? type),
  dev: z.string().optional(),
  gateway: z.string().optional(),
  prefsrc: z.string().optional(),
  metric: z.number().int().min(0).default(0),
  metrics: z.array(z.looseObject({ mtu: z.number().int().optional() })).default([]),
});

/**
 * Parses the default routes of a table from `ip -j route show table T`, with or without `-N`. Other routes there do not
 * concern this program: they take more specific traffic of ours, as those who put them there wanted.
 */
export const parseRoutes = (text: string): ObservedRoute[] =>
  parseToolList("ip route", text, routeForm)
    .filter((route) => ["default", "0.0.0.0/0", "::/0"].includes(route.dst))
    .map((route) => ({
      interfaceName: route.dev,
      mtu: route.metrics.find((metrics) => metrics.mtu !== undefined)?.mtu,
      source: parseAddress(route.prefsrc ?? ""),
      metric: route.metric,
      type: route.type,
      plain: route.type === "unicast" && route.gateway === undefined && !("via" in route),
      text: JSON.stringify(route).slice(0, 300),
    }));

/** The links by which the kernel takes an address for its own, according to `ip -j -N route show table 255 exact A/32`. */
export const parseLocalLinks = (text: string): string[] =>
  parseToolList("ip route", text, routeForm).flatMap(({ type, dev }) =>
    type === "local" && dev !== undefined ? [dev] : [],
  );

const staysHere = ["local", "unreachable", "blackhole", "prohibit", "throw"];

const wayForm = z.looseObject({
  dev: z.string().optional(),
  nexthops: z.array(z.looseObject({ dev: z.string().optional() })).default([]),
});

/** The names of the links of routes, according to `ip -j route show default`. */
export const linksOfDefaults = (text: string): string[] =>
  parseToolList("ip route", text, wayForm).flatMap(({ dev, nexthops }) =>
    [dev, ...nexthops.map((hop) => hop.dev)].filter((name) => name !== undefined),
  );
/**
 * Whether nothing that is looked up in a table leaves this node in clear by it, according to `ip -j route show table
 * T`: either it does not leave at all, or the table is that of another mesh, which ends with a barrier like ours.
 */
export function onlyLeadsHere(text: string): boolean {
  const routes = parseToolList("ip route", text, routeForm);
  return routes.some(isBarrier) || routes.every(({ type }) => staysHere.includes(type));
}
