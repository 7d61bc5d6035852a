import type { Step } from "../base/index.ts";
import { type Address, type Family, type Prefix, prefixFamily } from "../net/index.ts";
import { parseListedRoutes } from "./listed-routes.ts";
import { metricOf } from "./main-table.ts";
import { routeSteps } from "./route-steps.ts";
import { ownProtocol, type RoutingScope } from "./rules.ts";

/** A network to which only smaller packets pass than to the rest of the mesh. */
export interface PathRoute {
  readonly network: Prefix;
  /** The size in bytes of the largest packet that passes. */
  readonly mtu: number;
}

/** Such a route in our table. It leads where the default route there leads, and adds nothing but its MTU. */
export interface ObservedPathRoute {
  readonly network: Prefix;
  readonly mtu: number | undefined;
  readonly source: Address | undefined;
}

/**
 * Finds the routes with an MTU of their own in `ip -j -N route show table T`. Routes of others differ in the protocol or the
 * metric, which is so high that theirs to the same network come first.
 */
export const parsePathRoutes = (text: string, scope: RoutingScope): ObservedPathRoute[] =>
  parseListedRoutes(text).flatMap(({ network, link, protocol, metric, mtu, source }) => {
    const isOurs =
      protocol === String(ownProtocol) && metric === metricOf(scope, false) && link === scope.interfaceName;
    return isOurs ? [{ network, mtu, source }] : [];
  });

/**
 * Plans the routes with an MTU of their own of one family. Each leads into the mesh's link, as the default route does: while
 * they come and go, and where only some of them are there, packets take the same way.
 */
export function planPathRoutes(
  family: Family,
  wanted: readonly PathRoute[],
  source: Address | undefined,
  observed: readonly ObservedPathRoute[],
  scope: RoutingScope,
): Step[] {
  const own = wanted.filter(({ network }) => prefixFamily(network) === family);
  const seen = new Map(observed.map((route) => [route.network, route]));
  const kept = new Set(own.map(({ network }) => network));
  const changed = own.filter(({ network, mtu }) => {
    const before = seen.get(network);
    return before?.mtu !== mtu || before.source !== source;
  });
  const extra = observed.filter(({ network }) => !kept.has(network));
  const place = `dev ${scope.interfaceName} table ${scope.table} metric ${metricOf(scope, false)} proto ${ownProtocol}`;
  const from = source === undefined ? "" : ` src ${source}`;
  return [
    ...routeSteps(
      "grow",
      "route networks to which only smaller packets pass",
      changed.map(({ network, mtu }) => ({
        network,
        line: `route replace ${network} ${place} mtu ${mtu}${from}`,
      })),
    ),
    ...routeSteps(
      "shrink",
      "route networks with the MTU of all again",
      extra.map(({ network }) => ({ network, line: `route del ${network} ${place}` })),
    ),
  ];
}
