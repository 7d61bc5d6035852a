import type { Config } from "../config/index.ts";
import type { MemberNetworks } from "../members/index.ts";
import {
  hostPrefix,
  intersect,
  type Prefix,
  prefixesTouch,
  subtract,
  unite,
  withoutSpecial,
} from "../net/index.ts";
import { type Networks, observedJudging, observedTargets } from "../nftables/index.ts";
import { stateOf } from "../peers/index.ts";
import { ownNetworks } from "../routing/index.ts";
import type { Decision } from "./decide.ts";
import type { Kernel } from "./plan.ts";

type Seen = Pick<Kernel, "table" | "links" | "addresses">;

/**
 * What the table steers and judges. Until the registries have settled, what it steers already stays, of the kind that it
 * is there, and nothing of that is dropped when it comes in outside: nobody knows yet whether its owner is connected. And
 * what this node announced before it announces still, as far as others know.
 */
export function steeredNetworks(
  config: Config,
  decision: Decision,
  kernel: Seen,
  isSettled: boolean,
): Networks {
  const { targets, kinds } = decision;
  const pods = [...kinds.values()].flatMap((networks) => networks.pods);
  const tolerated = toleratedNetworks(decision, ownNetworks(kernel.links, kernel.addresses.usable));
  const ours = announced(config, decision);
  if (isSettled) return { targets, pods: unite(pods), tolerated: unite(tolerated), ...ours };
  const found = observedTargets(kernel.table);
  const before = observedJudging(kernel.table);
  return {
    targets: withoutSpecial(unite([...targets, ...found])),
    pods: unite([...pods, ...before.pods]),
    tolerated: unite([...tolerated, ...subtract(found, targets)]),
    own: unite([...ours.own, ...before.own]),
    ownPods: unite([...ours.ownPods, ...before.ownPods]),
  };
}

/**
 * Sources in the mesh that may come in outside all the same: those of peers that are not up, for which there is no tunnel
 * here; and whoever is in a network of an own link that a peer claims as a whole, unless a peer lists the very address.
 */
function toleratedNetworks({ specs, polled, kinds }: Decision, around: readonly Prefix[]): Prefix[] {
  const listed = [...kinds.values()].flatMap((networks) =>
    [...networks.listed].filter((address) => around.some((network) => prefixesTouch(network, address))),
  );
  return specs.peers.flatMap(({ nodeId, publicKey, allowedIPs }) =>
    stateOf(polled.memory.connections.get(publicKey)) === "up"
      ? neighbours(allowedIPs, kinds.get(nodeId), around, listed)
      : allowedIPs,
  );
}

function neighbours(
  granted: readonly Prefix[],
  networks: MemberNetworks | undefined,
  around: readonly Prefix[],
  listed: readonly Prefix[],
): Prefix[] {
  const near = granted.filter(
    (prefix) => !networks?.listed.has(prefix) && around.some((network) => prefixesTouch(network, prefix)),
  );
  return near.length === 0 ? [] : subtract(intersect(near, around), listed);
}

/** What others send to this node through the mesh, as long as there are any. */
function announced(
  { advertisedPrefixes, excludeAdvertisedNetworks, otherNetworks }: Config,
  { announcement, specs }: Decision,
): Pick<Networks, "own" | "ownPods"> {
  if (specs.peers.length === 0) return { own: [], ownPods: [] };
  const { addresses, kubespan } = announcement.own;
  const claimed = subtract([...addresses.map(hostPrefix), ...advertisedPrefixes], excludeAdvertisedNetworks);
  const ula = kubespan ? [hostPrefix(kubespan.address)] : [];
  const pods = subtract(advertisedPrefixes, [...excludeAdvertisedNetworks, ...otherNetworks]);
  return { own: unite([...claimed, ...ula]), ownPods: pods };
}
