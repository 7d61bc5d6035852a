import type { Stage, Step } from "../base/index.ts";
import { type Address, type Family, type Prefix, prefixFamily } from "../net/index.ts";
import { parseListedRoutes } from "./listed-routes.ts";
import { routeSteps } from "./route-steps.ts";
import { ownProtocol, type RoutingScope } from "./rules.ts";

/** The number of the main table, where programs look that pass rules and marks by. */
const mainTable = 254;

/** The routes that are wanted in the main table. */
export interface DesiredMainRoutes {
  readonly networks: readonly Prefix[];
  /** The MTU of the routes in bytes. */
  readonly mtu: number;
  /** The source of packets for these networks, in each family in which the link carries packets. */
  readonly sources: Readonly<Partial<Record<Family, Address>>>;
  /** Whether packets for these networks are refused while there is no link for them. */
  readonly isClosed: boolean;
}

/** A route of this mesh in the main table. */
export interface MainTableRoute {
  readonly network: Prefix;
  /** Whether the route refuses packets, and stands behind the one that leads into the link. */
  readonly refuses: boolean;
  readonly mtu: number | undefined;
  readonly source: Address | undefined;
}

/**
 * The metric of our routes in the main table. It is so high that a route of anybody else's to the same network comes
 * first. Two meshes on a node differ in their priority, and so in this.
 */
export const metricOf = ({ priority }: Pick<RoutingScope, "priority">, refuses: boolean): number =>
  2 * priority + (refuses ? 1 : 0);

/** Finds the routes of this mesh in `ip -j -N route show table 254 proto 180`. */
export const parseMainTable = (text: string, scope: RoutingScope): MainTableRoute[] =>
  parseListedRoutes(text).flatMap(({ network, link, metric, mtu, source }) => {
    const leads = metric === metricOf(scope, false) && link === scope.interfaceName;
    const refuses = metric === metricOf(scope, true);
    return leads || refuses ? [{ network, refuses, mtu, source }] : [];
  });

/** The arguments of `ip` that show the routes of this program in the main table. */
export const mainTableQuestion = ["route", "show", "table", String(mainTable), "proto", String(ownProtocol)];

/**
 * Plans the routes to peers' pod networks in the main table; `undefined` asks for none. The link and its addresses must
 * be there when the steps run. Behind each route stands one that refuses, so that nothing takes the default route while
 * the link is gone.
 */
export function planMainTable(
  desired: DesiredMainRoutes | undefined,
  observed: readonly MainTableRoute[],
  scope: RoutingScope,
): Step[] {
  const wanted = desired ? routesFor(desired) : [];
  const keyOf = ({ network, refuses }: MainTableRoute): string => `${network} ${refuses}`;
  const seen = new Map(observed.map((route) => [keyOf(route), route]));
  const kept = new Set(wanted.map(keyOf));
  const changed = wanted.flatMap((route) => {
    const before = seen.get(keyOf(route));
    if (before && before.mtu === route.mtu && before.source === route.source) return [];
    return [{ route, verb: before ? "replace" : "add" }];
  });
  const extra = observed.filter((route) => !kept.has(keyOf(route))).map((route) => ({ route, verb: "del" }));
  return [
    ...steps("grow", "route pod networks of peers in the main table, too", changed, scope),
    ...steps("shrink", "take pod networks of peers from the main table", extra, scope),
  ];
}

/** The networks that the routes in the main table refuse while there is no link. */
export const refusedIn = (desired: DesiredMainRoutes | undefined): Prefix[] =>
  desired ? routesFor(desired).flatMap(({ network, refuses }) => (refuses ? [network] : [])) : [];

/** Plans the refusals alone, for the time before there is a link. What is there stays. */
export function planMainRefusals(
  networks: readonly Prefix[],
  observed: readonly MainTableRoute[],
  scope: RoutingScope,
): Step[] {
  const seen = new Set(observed.filter(({ refuses }) => refuses).map(({ network }) => network));
  const missing = networks.filter((network) => !seen.has(network));
  const changes = missing.map((network) => ({ route: refusalOf(network), verb: "add" }));
  return steps("grow", "refuse pod networks of peers in the main table", changes, scope);
}

const refusalOf = (network: Prefix): MainTableRoute => ({
  network,
  refuses: true,
  mtu: undefined,
  source: undefined,
});

const routesFor = ({ networks, mtu, sources, isClosed }: DesiredMainRoutes): MainTableRoute[] =>
  networks.flatMap((network) => {
    const source = sources[prefixFamily(network)];
    if (source === undefined) return [];
    return [...(isClosed ? [refusalOf(network)] : []), { network, refuses: false, mtu, source }];
  });

interface Change {
  readonly route: MainTableRoute;
  readonly verb: string;
}

const steps = (stage: Stage, text: string, changes: readonly Change[], scope: RoutingScope): Step[] =>
  routeSteps(
    stage,
    text,
    changes.map((change) => ({ network: change.route.network, line: lineOf(change, scope) })),
  );

function lineOf({ route, verb }: Change, scope: RoutingScope): string {
  const { network, refuses, mtu, source } = route;
  const place = `table ${mainTable} metric ${metricOf(scope, refuses)} proto ${ownProtocol}`;
  if (refuses) return `route ${verb} unreachable ${network} ${place}`;
  const details = verb === "del" ? "" : ` mtu ${mtu} src ${source}`;
  return `route ${verb} ${network} dev ${scope.interfaceName} ${place}${details}`;
}
