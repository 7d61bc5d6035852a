import type { Config } from "../config/index.ts";
import { type Kernel, type Keys, type Knowledge, ownSide } from "../mesh/index.ts";
import type { Implementation } from "../wireguard/index.ts";
import type { MeshParts } from "./mesh-parts.ts";
import type { Ways } from "./ways.ts";

/**
 * Everything on which a decision rests, as the parts of the mesh and the kernel tell it at this moment. `onNews` is called, later, if a registry turns out to be elsewhere.
 */
export const knowledgeNow = (
  { self, registries, membership, origin, number, ways, hostNames, portMapper }: MeshParts,
  config: Config,
  { known, racing, relaying }: Ways,
  kernel: Kernel | undefined,
  onNews: () => void,
): Knowledge => ({
  self,
  config,
  claims: membership.claims(),
  standings: membership.standings(),
  refused: membership.refused,
  registries: [...registries.states(), ...membership.remembered(registries)],
  ...ownSide(kernel),
  ways: ways.look(config, registries, onNews),
  ...known,
  mapping: racing.mapping,
  observations: membership.observers.observations(membership.members),
  relays: relaying.serves,
  evictions: membership.evictions.announced(membership.members),
  hostNames: hostNames.answers,
  ...(portMapper?.lease?.kind === "held" && { portMapped: portMapper.lease.external }),
  lastRanAt: membership.clockFacts.lastRanAt,
  origin,
  lastNumber: Math.max(number.number, registries.ownNumber()),
});

/** The key of this node, and those that members are about to take. */
export const keysNow = (
  { identity, membership }: Pick<MeshParts, "identity" | "membership">,
  implementation: Implementation,
): Keys => ({ privateKey: identity.privateKey, implementation, next: membership.nextKeys.awaited });
