import type { Config } from "../config/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  familyOf,
  fewLeftOut,
  type LeftOut,
} from "../net/index.ts";
import type { Mapping, Observation } from "../port/index.ts";
import { type Nat, natOf, newestOf } from "./nat.ts";
import { type RouteOf, refusalOf } from "./reflected.ts";
import { countedStatements, toldEndpoints } from "./told.ts";

/** The statements of others about the endpoint of this node, and what was made of them before. */
interface Seen {
  /** The answers of STUN servers; `undefined` where none can be asked. */
  readonly mapping: Mapping | undefined;
  /** The statements of members. */
  readonly members?: readonly Observation[];
  /** The addresses at which registries see this node. */
  readonly reflected?: readonly Address[];
  readonly nat: Nat;
}

interface Believed {
  /** The endpoints at which servers see this node. */
  readonly mapped: readonly Endpoint[];
  /** The endpoints of which only members tell. They come after this node's own. */
  readonly told: readonly Endpoint[];
  readonly leftOut: readonly LeftOut[];
  readonly nat: Nat;
}

/**
 * The endpoints at which others see this node and which are announced. Like reflected addresses they must not lie inside
 * the mesh, and the node's own addresses are left out, as they are announced in any case. What members say is added to
 * what servers say, and replaces none of it. Behind a NAT that has another
 * port for each destination none is announced: the port belongs to the observer alone.
 */
export function believeMapped(
  config: Config,
  seen: Seen,
  routeOf: RouteOf,
  own: readonly Address[],
): Believed {
  const leftOut: LeftOut[] = problemsOf(config, seen.mapping).map((reason) => ({
    value: "mapped endpoint",
    reason,
  }));
  const isUsable = ({ endpoint, observer, name }: Observation): boolean => {
    const reason = refusalOf(endpointAddress(endpoint), routeOf);
    if (reason !== undefined)
      leftOut.push({ value: endpoint, reason: `${name ?? observer} sees us there: ${reason}` });
    return reason === undefined;
  };
  const servers = (seen.mapping?.observations ?? []).filter(isUsable);
  const silent = new Set((seen.mapping?.problems ?? []).map(({ observer }) => observer));
  const trusted = { servers, silent, reflected: seen.reflected ?? [] };
  const said = countedStatements((seen.members ?? []).filter(isUsable), trusted);
  const nat = natOf([...servers, ...said.counted], own, seen.nat);
  const isOutside = (endpoint: Endpoint): boolean => !own.includes(endpointAddress(endpoint));
  const mapped = newestOf(servers).filter(isOutside);
  const added = toldEndpoints(
    said.counted.filter(({ endpoint }) => isOutside(endpoint) && !mapped.includes(endpoint)),
    trusted,
  );
  for (const value of [...mapped, ...added.told].filter(isKept(nat, false)))
    leftOut.push({ value: `endpoint ${value}`, reason: symmetric });
  return {
    mapped: mapped.filter(isKept(nat, true)),
    told: added.told.filter(isKept(nat, true)),
    leftOut: fewLeftOut([...leftOut, ...said.leftOut, ...added.leftOut]),
    nat,
  };
}

const symmetric =
  "the NAT has another port for each destination, so this one is of use to a single observer; forward a port of the " +
  "router to this node, and announce it with extraAnnouncedEndpoints, if nodes behind other NATs do not connect";

const isKept =
  ({ ipv4, ipv6 }: Nat, expected: boolean) =>
  (endpoint: Endpoint): boolean =>
    ((familyOf(endpointAddress(endpoint)) === 4 ? ipv4 : ipv6) !== "symmetric") === expected;

function problemsOf({ stun }: Config, mapping: Mapping | undefined): readonly string[] {
  if (!mapping) return stun ? ["STUN needs racing, which is off or does not work here"] : [];
  return mapping.problems.map(({ problem }) => problem);
}
