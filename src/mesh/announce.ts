import { secretNames } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import { isClockBehind, isTold, refusalsOf, refusalsToTell, refusalWarnings } from "../members/index.ts";
import { endpointAddress, intersect, type LeftOut } from "../net/index.ts";
import {
  announcedNames,
  believeMapped,
  believePortMapping,
  believeReflected,
  fitted,
  fittingOf,
  numbered,
  ownAffiliate,
  podNetworksLeftOut,
  type RouteOf,
  type Said,
} from "../self/index.ts";
import type { Knowledge, Memory } from "./knowledge.ts";

interface Announced {
  readonly said: Said;
  /** The addresses, endpoints and pod networks of this node that are not announced, with the reasons. */
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly Warning[];
  readonly memory: Pick<Memory, "reflected" | "nat" | "refusals" | "said">;
}

/** Decides what this node says of itself. `routeOf` finds networks inside the mesh. */
export function announce(knowledge: Knowledge, memory: Memory, routeOf: RouteOf, now: number): Announced {
  const { self, config, addresses, registries, origin } = knowledge;
  const seen = believeReflected(registries, memory.reflected, routeOf, addresses);
  const { mapping, observations: members = [] } = knowledge;
  // A service of which only members tell vouches for what members say no more than they do.
  const reflected = [...seen.reflected].flatMap(([name, address]) => (isTold({ name }) ? [] : address));
  const stun = believeMapped(config, { mapping, members, reflected, nat: memory.nat }, routeOf, addresses);
  const seenAt = [...seen.reflected.values(), ...stun.mapped.map(endpointAddress)];
  const opened = believePortMapping(knowledge.portMapped, seenAt);
  const mapped = [...opened.endpoints, ...stun.mapped];
  const byName = announcedNames(knowledge.hostNames ?? []);
  const { affiliate, leftOut } = ownAffiliate(self, config, addresses, seen.reflected.values(), mapped, {
    undialled: knowledge.undialled,
    named: byName.endpoints,
    told: stun.told,
  });
  const otherNetworks = intersect(config.advertisedPrefixes, config.otherNetworks);
  const fit = fitted(affiliate, { machine: origin.machine, otherNetworks }, config);
  const told = refusalsToTell(
    [
      ...registries.flatMap(({ refused }) => refused),
      ...(knowledge.refused ?? []),
      ...(memory.specified?.specs.refused ?? []),
    ],
    { own: self.nodeId, members: membersNamed(knowledge) },
    memory.refusals,
    now,
  );
  const secrets = secretNames(config.cluster);
  const [opening] = opened.endpoints;
  const isOpen = opening !== undefined && fit.affiliate.kubespan?.endpoints.includes(opening) === true;
  const room = {
    machine: origin.machine,
    otherNetworks,
    ...(isOpen && { mapped: opening }),
    ...(knowledge.relays && { relays: true as const }),
    ...(secrets && { secrets }),
  };
  const evictions = fittingOf("evictions", fit.affiliate, room, knowledge.evictions ?? []);
  const beside = { ...room, ...(evictions.length > 0 && { evictions }) };
  const refusals = fittingOf("refusals", fit.affiliate, beside, told.refusals);
  const said = numbered(
    fit.affiliate,
    { ...origin, ...beside, ...(refusals.length > 0 && { refusals }) },
    memory.said,
    knowledge.lastNumber,
    now,
    isClockBehind(knowledge, now),
  );
  return {
    said,
    leftOut: [
      ...leftOut,
      ...fit.leftOut,
      ...seen.leftOut,
      ...stun.leftOut,
      ...opened.leftOut,
      ...byName.leftOut,
      ...podNetworksLeftOut(config, registries),
    ],
    warnings: [
      ...refusalWarnings(refusalsOf(self.nodeId, knowledge.claims, knowledge.standings)),
      ...fit.warnings,
    ],
    memory: { reflected: seen.reflected, nat: stun.nat, refusals: told, said },
  };
}

const membersNamed = ({ self, claims, standings }: Knowledge): string[] => [
  self.nodeId,
  ...claims.flatMap(({ affiliate: { nodeId } }) => (standings.get(nodeId)?.isNamed === true ? nodeId : [])),
];
