import { z } from "zod";
import { type Address, hostPrefix, type Prefix, parseAddress, parsePrefix } from "../net/index.ts";
import { parseToolList } from "./tool-json.ts";

const routeForm = z.looseObject({
  dst: z.string(),
  dev: z.string().optional(),
  protocol: z.union([z.string(), z.number()]).optional(),
  prefsrc: z.string().optional(),
  metric: z.number().int().min(0).default(0),
  metrics: z.array(z.looseObject({ mtu: z.number().int().optional() })).default([]),
});

/** A route to a network, as `ip` lists it. */
export interface ListedRoute {
  readonly network: Prefix;
  readonly link: string | undefined;
  /** The number of the program that made it; `undefined` where the question asked for one. */
  readonly protocol: string | undefined;
  readonly metric: number;
  readonly mtu: number | undefined;
  readonly source: Address | undefined;
}

/** Parses `ip -j -N route show ...`. Routes to no network, the default ones, are left out. */
export const parseListedRoutes = (text: string): ListedRoute[] =>
  parseToolList("ip route", text, routeForm).flatMap(({ dst, dev, protocol, prefsrc, metric, metrics }) => {
    const address = parseAddress(dst);
    const network = address ? hostPrefix(address) : parsePrefix(dst);
    if (network === undefined) return [];
    return [
      {
        network,
        link: dev,
        protocol: protocol === undefined ? undefined : String(protocol),
        metric,
        mtu: metrics.find((each) => each.mtu !== undefined)?.mtu,
        source: parseAddress(prefsrc ?? ""),
      },
    ];
  });
