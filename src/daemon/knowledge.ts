import type { Config } from "../config/index.ts";
import { presharedKeysOf, strangersAmong } from "../members/index.ts";
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
  ownerless: membership.unowned.now,
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

/** The keys with which WireGuard works: this node's, those that members are about to take, and the preshared ones. */
export function keysNow(
  {
    identity,
    membership,
    registries,
    config,
  }: Pick<MeshParts, "identity" | "membership" | "registries" | "config">,
  implementation: Implementation,
): Keys {
  const { members, nextKeys } = membership;
  const presharedKeys = presharedKeysOf(config.cluster, members, nextKeys.all);
  // A registry that has not told all since the secret was changed may still tell that a member knows the new one.
  const strangers = registries.isSettled() && strangersAmong(config.cluster, members);
  const { privateKey } = identity;
  return {
    privateKey,
    implementation,
    next: nextKeys.awaited,
    ...(presharedKeys && { presharedKeys }),
    ...(strangers && { strangers }),
  };
}
