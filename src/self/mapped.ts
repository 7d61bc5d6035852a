import type { Config } from "../config/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  familyOf,
  type LeftOut,
  type Prefix,
} from "../net/index.ts";
import type { Mapping, Observation } from "../port/index.ts";
import { type Nat, natOf, newestOf } from "./nat.ts";
import { refusalIn } from "./reflected.ts";

/** The statements of others about the endpoint of this node, and what was made of them before. */
interface Seen {
  /** The answers of STUN servers; `undefined` where none can be asked. */
  readonly mapping: Mapping | undefined;
  /** The statements of members. */
  readonly members?: readonly Observation[];
  readonly nat: Nat;
}

interface Believed {
  readonly mapped: readonly Endpoint[];
  readonly leftOut: readonly LeftOut[];
  readonly nat: Nat;
}

/**
 * The endpoints at which others see this node and which are announced. Like reflected addresses they must not lie inside
 * the mesh, and the node's own addresses are left out, as they are announced in any case. Behind a NAT that has another
 * port for each destination none is announced: the port belongs to the observer alone.
 */
export function believeMapped(
  config: Config,
  seen: Seen,
  routed: readonly Prefix[],
  own: readonly Address[],
): Believed {
  const leftOut: LeftOut[] = problemsOf(config, seen.mapping).map((reason) => ({
    value: "mapped endpoint",
    reason,
  }));
  const refusal = refusalIn(routed);
  const all = [...(seen.mapping?.observations ?? []), ...(seen.members ?? [])];
  const usable = all.filter(({ endpoint, observer }) => {
    const reason = refusal(endpointAddress(endpoint));
    if (reason !== undefined)
      leftOut.push({ value: endpoint, reason: `${observer} sees us there: ${reason}` });
    return reason === undefined;
  });
  const nat = natOf(usable, own, seen.nat);
  const outside = newestOf(usable).filter((endpoint) => !own.includes(endpointAddress(endpoint)));
  const [kept, lost] = [outside.filter(isKept(nat, true)), outside.filter(isKept(nat, false))];
  for (const value of lost) leftOut.push({ value: `endpoint ${value}`, reason: symmetric });
  return { mapped: kept, leftOut, nat };
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
