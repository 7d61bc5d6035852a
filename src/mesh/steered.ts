import type { Config } from "../config/index.ts";
import type { MemberNetworks } from "../members/index.ts";
import {
  coverAgain,
  hostPrefix,
  intersect,
  isHostPrefix,
  type KeptCover,
  nothingCovered,
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
import type { Kernel } from "./kernel.ts";

type Seen = Pick<Kernel, "table" | "links" | "addresses">;

/**
 * The networks that the table steers and judges. Until the registries have settled, nobody knows whether the owner of a
 * network is connected. So the networks that the table steers already stay in it, with the kind that they have there,
 * and packets from them that arrive outside the mesh are not dropped. The networks that this node announced before stay
 * its own, because others still take them for announced.
 */
export function steeredNetworks(
  config: Config,
  decision: Decision,
  kernel: Seen,
  isSettled: boolean,
): Networks {
  const { targets, kinds } = decision;
  const unowned = subtract(decision.ownerless ?? [], decision.specs.networks);
  const unownedPods = subtract(
    unowned.filter((prefix) => !isHostPrefix(prefix)),
    config.otherNetworks,
  );
  const pods = coverOf("pods", [...[...kinds.values()].map((networks) => networks.pods), unownedPods]);
  const around = ownNetworks(kernel.links, kernel.addresses.usable);
  const tolerated = coverOf("tolerated", [...toleratedNetworks(decision, around), unowned]);
  const ours = announced(config, decision);
  if (isSettled) return { targets, pods, tolerated, ...ours };
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

/** The last covers: from one pass to the next the networks of few peers change. */
const last = { pods: nothingCovered, tolerated: nothingCovered };

/** The fewest prefixes that cover all lists. */
function coverOf(which: keyof typeof last, lists: readonly (readonly Prefix[])[]): readonly Prefix[] {
  const covered: KeptCover = coverAgain(last[which], lists);
  last[which] = covered;
  return covered.cover;
}

/**
 * The networks in the mesh from which packets may arrive outside it all the same. They are the networks of peers that
 * are not up, to which this node has no tunnel, and the networks of this node's links that a peer claims as a whole,
 * without the addresses that a peer lists one by one.
 */
function toleratedNetworks(
  { specs, polled, kinds }: Decision,
  around: readonly Prefix[],
): (readonly Prefix[])[] {
  const tolerated: (readonly Prefix[])[] = [];
  const near: Prefix[] = [];
  for (const { nodeId, publicKey, allowedIPs } of specs.peers)
    if (stateOf(polled.memory.connections.get(publicKey)) !== "up") tolerated.push(allowedIPs);
    else near.push(...neighbours(allowedIPs, kinds.get(nodeId), around));
  if (near.length === 0) return tolerated;
  const listed = [...kinds.values()].flatMap((networks) =>
    [...networks.listed].filter((address) => around.some((network) => prefixesTouch(network, address))),
  );
  return [...tolerated, subtract(intersect(near, around), listed)];
}

/** The networks of a peer that have addresses in common with those around this node, and that it does not list one by one. */
const neighbours = (
  granted: readonly Prefix[],
  networks: MemberNetworks | undefined,
  around: readonly Prefix[],
): Prefix[] =>
  granted.filter(
    (prefix) => !networks?.listed.has(prefix) && around.some((network) => prefixesTouch(network, prefix)),
  );

/** The networks that others send to this node through the mesh; none as long as there are no peers. */
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
