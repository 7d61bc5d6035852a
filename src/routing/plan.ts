import type { Command, Stage, Step } from "../base/index.ts";
import { KubespanError } from "../base/index.ts";
import { type Address, type Family, isKubespanULA } from "../net/index.ts";
import { planAnchor, removeAnchor } from "./anchor.ts";
import { planBarrier } from "./barrier.ts";
import type { LinkAddress } from "./links.ts";
import type { MainTableRoute } from "./main-table.ts";
import { type ObservedPathRoute, type PathRoute, planPathRoutes } from "./path-routes.ts";
import type { ObservedRoute } from "./route.ts";
import { type ObservedRules, type RoutingScope, ruleArguments } from "./rules.ts";
import { planSecondRule, removeCopies } from "./second-rule.ts";

export interface DesiredRouting {
  /** The node's KubeSpan address; the link carries it with the /64 of the cluster. */
  readonly address: Address;
  /** The node's primary IPv4 address, if it has one. It is the source of IPv4 packets for the mesh. */
  readonly ipv4Source: Address | undefined;
  /**
   * Whether the link may carry IPv4; `true` where absent. Otherwise there is no IPv4 route to it, and packets for the mesh are
   * refused: no peer would accept any source that they can have.
   */
  readonly carriesIPv4?: boolean;
  /** The MTU of the default routes in bytes. */
  readonly mtu: number;
  /** The networks to which only smaller packets pass; absent for none. */
  readonly paths?: readonly PathRoute[];
  /** Whether packets for the mesh are refused while there is no link for them. */
  readonly isClosed: boolean;
}

/** The rules at our priority, the routes in our table and the addresses of our link, as the kernel has them. */
export interface ObservedRouting {
  readonly scope: RoutingScope;
  /** Whether there is IPv6. Where the host has none or has switched it off, everything of that family is left out. */
  readonly ipv6: boolean;
  readonly ipv4Routing: FamilyRouting;
  readonly ipv6Routing: FamilyRouting;
  /** The addresses of the mesh's link. There are none where there is no such link (yet). */
  readonly linkAddresses: readonly LinkAddress[];
  /** The IPv4 addresses of the mesh's link for which the kernel answers on all links because of it. */
  readonly answered: readonly Address[];
}

export interface FamilyRouting extends ObservedRules {
  /** The default routes in our table, without the barrier. */
  readonly routes: readonly ObservedRoute[];
  /** The routes in our table that have an MTU of their own; absent for none. */
  readonly pathRoutes?: readonly ObservedPathRoute[];
  readonly hasBarrier: boolean;
  /** The routes of this mesh in the main table. */
  readonly mainRoutes: readonly MainTableRoute[];
}

/** The bits of the cluster's network, which the link carries with its address: a ULA network is a /64. */
const addressBits = 64;

/**
 * Plans the way to the routing that is wanted; `undefined` asks for none of ours. The link must be there and up when
 * the steps run. Throws `KubespanError("conflict")` when somebody else's rule or default route stands where ours
 * belongs: this program does not delete what it did not make.
 */
export function planRouting(desired: DesiredRouting | undefined, observed: ObservedRouting): Step[] {
  const families: Family[] = observed.ipv6 ? [4, 6] : [4];
  if (desired === undefined)
    return [
      ...families.flatMap((family) => removeRules(family, observed, 0)),
      ...families.flatMap((family) => removeCopies(family, observed.scope, routingOf(family, observed))),
      ...families.flatMap((family) => pathRoutes(family, undefined, observed)),
      ...families.flatMap((family) => removeRoutes(family, ownRoutes(family, observed), observed)),
      ...families.flatMap((family) => barrier(family, false, observed)),
      ...removeAddresses(undefined, observed),
      ...removeAnchor(observed.scope.interfaceName, observed.linkAddresses),
    ];
  for (const family of families) refuseForeign(family, observed);
  // A rule that leads to an empty table is harmless, but in this order no packet even looks there.
  return [
    ...planAnchor(observed.scope.interfaceName, observed, desired.ipv4Source),
    ...(observed.ipv6 ? addAddress(desired.address, observed) : []),
    ...families.flatMap((family) => barrier(family, desired.isClosed, observed)),
    ...families.flatMap((family) => planRoutes(family, desired, observed)),
    ...families.flatMap((family) => pathRoutes(family, desired, observed)),
    ...families.flatMap((family) => planRules(family, observed)),
    ...families.flatMap((family) => planSecondRule(family, observed.scope, routingOf(family, observed))),
    ...(observed.ipv6 ? removeAddresses(desired.address, observed) : []),
  ];
}

/**
 * Plans the rules and routes that refuse packets for the mesh before there is a link for them. Nothing else is made. A
 * rule of somebody else's at our priority is left to the daemon, which says so.
 */
export function planRefusal(observed: ObservedRouting): Step[] {
  const families: Family[] = observed.ipv6 ? [4, 6] : [4];
  return families
    .filter((family) => routingOf(family, observed).rules.every(({ ours }) => ours))
    .flatMap((family) => [
      ...barrier(family, true, observed),
      ...planRules(family, observed),
      ...planSecondRule(family, observed.scope, routingOf(family, observed)),
    ]);
}

const routingOf = (family: Family, observed: ObservedRouting): FamilyRouting =>
  family === 4 ? observed.ipv4Routing : observed.ipv6Routing;

const barrier = (family: Family, isWanted: boolean, observed: ObservedRouting): Step[] =>
  planBarrier(family, observed.scope.table, isWanted, routingOf(family, observed).hasBarrier);

function refuseForeign(family: Family, observed: ObservedRouting): void {
  const { scope } = observed;
  const rule = routingOf(family, observed).rules.find(({ ours }) => !ours);
  if (rule)
    throw new KubespanError(
      "conflict",
      `the IPv${family} routing rule priority ${scope.priority} is taken by another rule: ${rule.text}`,
      {
        hint: `set another routing priority in the configuration, or, if the rule is left over, remove it: ip -${family} rule del priority ${scope.priority}`,
      },
    );
  const route = routingOf(family, observed).routes.find((each) => each.interfaceName !== scope.interfaceName);
  if (route)
    throw new KubespanError(
      "conflict",
      `routing table ${scope.table} has an IPv${family} default route of somebody else: ${route.text}`,
      {
        hint: `set another routing table in the configuration, or, if the route is left over, remove it: ip -${family} route flush table ${scope.table}`,
      },
    );
}

function planRules(family: Family, observed: ObservedRouting): Step[] {
  if (routingOf(family, observed).rules.some(({ ours }) => ours)) return removeRules(family, observed, 1);
  const rule = ruleArguments(observed.scope);
  return [step("grow", `add the IPv${family} rule ${rule.join(" ")}`, [ip(family, "rule", "add", ...rule)])];
}

function removeRules(family: Family, observed: ObservedRouting, kept: number): Step[] {
  const rule = ruleArguments(observed.scope);
  const extra = routingOf(family, observed)
    .rules.filter(({ ours }) => ours)
    .slice(kept);
  if (extra.length === 0) return [];
  const text = `delete the IPv${family} rule ${rule.join(" ")}${kept > 0 ? ", which is there more than once" : ""}`;
  return [
    step(
      "shrink",
      text,
      extra.map(() => ip(family, "rule", "del", ...rule)),
    ),
  ];
}

const ownRoutes = (family: Family, observed: ObservedRouting): ObservedRoute[] =>
  routingOf(family, observed).routes.filter((route) => route.interfaceName === observed.scope.interfaceName);

/** The metric that the kernel gives a route without one. */
const defaultMetric = (family: Family): number => (family === 4 ? 0 : 1024);

/**
 * The source of packets for the mesh. Peers accept packets from this node's addresses and from its KubeSpan address
 * only. For IPv6 it is the KubeSpan address, because no other node can claim it, and replies to it need no
 * steering.
 */
const sourceOf = (family: Family, { address, ipv4Source }: DesiredRouting): Address | undefined =>
  family === 4 ? ipv4Source : address;

function planRoutes(family: Family, desired: DesiredRouting, observed: ObservedRouting): Step[] {
  const { mtu, carriesIPv4 = true } = desired;
  if (family === 4 && !carriesIPv4) return removeRoutes(family, ownRoutes(family, observed), observed);
  const source = sourceOf(family, desired);
  const own = ownRoutes(family, observed);
  const inPlace = own.filter((route) => route.metric === defaultMetric(family));
  const right =
    inPlace.length === 1 &&
    inPlace.every((route) => route.plain && route.mtu === mtu && route.source === source);
  const { interfaceName, table } = observed.scope;
  const route = ["default", "dev", interfaceName, "table", String(table), "mtu", String(mtu)];
  if (source !== undefined) route.push("src", source);
  const text = `route IPv${family} in table ${table} through ${interfaceName}, MTU ${mtu}, source ${source ?? "any"}`;
  const replace = step("grow", text, [
    ...inPlace.slice(1).map((extra) => deletion(family, extra, observed)),
    ip(family, "route", "replace", ...route),
  ]);
  const extra = own.filter((each) => !inPlace.includes(each));
  return [...(right ? [] : [replace]), ...removeRoutes(family, extra, observed)];
}

/** Plans the routes with an MTU of their own. There are none in a family in which the link carries nothing. */
function pathRoutes(family: Family, desired: DesiredRouting | undefined, observed: ObservedRouting): Step[] {
  const isCarried = desired !== undefined && (family === 6 || desired.carriesIPv4 !== false);
  const source = desired && sourceOf(family, desired);
  const { pathRoutes: found = [] } = routingOf(family, observed);
  return planPathRoutes(family, isCarried ? (desired.paths ?? []) : [], source, found, observed.scope);
}

function removeRoutes(family: Family, routes: readonly ObservedRoute[], observed: ObservedRouting): Step[] {
  if (routes.length === 0) return [];
  const { interfaceName, table } = observed.scope;
  const text = `delete the IPv${family} default route through ${interfaceName} from table ${table}`;
  return [
    step(
      "shrink",
      text,
      routes.map((route) => deletion(family, route, observed)),
    ),
  ];
}

function deletion(family: Family, route: ObservedRoute, { scope }: ObservedRouting): Command {
  const metric = ["metric", String(route.metric)];
  return ip(
    family,
    "route",
    "del",
    "default",
    "dev",
    scope.interfaceName,
    "table",
    String(scope.table),
    ...metric,
  );
}

function addAddress(address: Address, observed: ObservedRouting): Step[] {
  const { interfaceName } = observed.scope;
  const same = observed.linkAddresses.filter((entry) => entry.address === address);
  if (same.some((entry) => entry.bits === addressBits && !entry.tentative)) return [];
  // The kernel takes no second entry for an address, so a wrong one has to go first.
  const commands = [
    ...same.map((entry) => ip(6, "address", "del", `${address}/${entry.bits}`, "dev", interfaceName)),
    // Nobody else can have this address, because it comes from this node's identity. Waiting for detection would delay
    // the mesh.
    ip(6, "address", "add", `${address}/${addressBits}`, "dev", interfaceName, "nodad"),
  ];
  return [step("grow", `give ${interfaceName} the address ${address}/${addressBits}`, commands)];
}

/** Plans to remove the KubeSpan addresses on the mesh's link that are not, or no longer, this node's. */
function removeAddresses(kept: Address | undefined, observed: ObservedRouting): Step[] {
  const { interfaceName } = observed.scope;
  return observed.linkAddresses
    .filter((entry) => isKubespanULA(entry.address) && entry.address !== kept)
    .map(({ address, bits }) =>
      step("shrink", `take the address ${address}/${bits} from ${interfaceName}`, [
        ip(6, "address", "del", `${address}/${bits}`, "dev", interfaceName),
      ]),
    );
}

const ip = (family: Family, ...args: string[]): Command => ({ program: "ip", args: [`-${family}`, ...args] });

const step = (stage: Stage, text: string, commands: readonly Command[]): Step => ({ stage, text, commands });
