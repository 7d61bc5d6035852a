import {
  type Address,
  type Endpoint,
  endpointAddress,
  isHostPrefix,
  isKubespanULA,
  isPrivate,
  isSideroLink,
  type LeftOut,
  type Prefix,
  PrefixIndex,
  unreachableKind,
} from "../net/index.ts";
import type { Tier } from "./better-way.ts";
import { broadcastNetwork } from "./broadcast.ts";
import { mostPorts, withFewPorts } from "./ports.ts";
import { forbiddenBy, type Preferences, type Ranked, rank } from "./preference.ts";

/** Who gets what is sent to a network; without a node id it is this node. */
interface Router {
  readonly label: string;
  readonly nodeId?: string;
}

export interface CandidateRules {
  readonly ownAddresses: ReadonlySet<Address>;
  /** What is reached through the mesh, as it was granted. */
  readonly routed: PrefixIndex<Router>;
}

/**
 * Splits the endpoints of the peer `nodeId` into those worth dialling, best first, and the others; all with reasons
 * (lesson 8).
 */
export function sortCandidates(
  nodeId: string,
  endpoints: readonly Endpoint[],
  rules: CandidateRules,
  preferences: Preferences,
): {
  candidates: Endpoint[];
  candidateReasons: string[];
  candidateTiers: Tier[];
  refusedCandidates: LeftOut[];
} {
  const { lastWorking, ownNetworks } = preferences;
  const candidates: Endpoint[] = [];
  const refusedCandidates: LeftOut[] = [];
  // A mapped port that was learnt once may not be announced by anybody.
  const claimed = new Map<Endpoint, string>();
  for (const endpoint of new Set([...endpoints, ...(lastWorking === undefined ? [] : [lastWorking])])) {
    const address = endpointAddress(endpoint);
    const route = routeTo(address, rules.routed);
    const isForeign = route?.nodeId !== undefined && route.nodeId !== nodeId && !isPrivate(address);
    if (route && isForeign) claimed.set(endpoint, route.text);
    const reason =
      refusal(address, rules, ownNetworks) ??
      (isForeign ? undefined : route?.text) ??
      forbiddenBy(endpoint, preferences);
    if (reason === undefined) candidates.push(endpoint);
    else refusedCandidates.push({ value: endpoint, reason });
  }
  const kept = withFewPorts(candidates, lastWorking);
  if (kept.length < candidates.length)
    for (const value of candidates)
      if (!kept.includes(value)) refusedCandidates.push({ value, reason: tooManyPorts });
  const { ranked, refused } = rank(kept, preferences, claimed);
  return {
    candidates: ranked.map(({ endpoint }: Ranked) => endpoint),
    candidateReasons: ranked.map(({ reason }) => reason),
    candidateTiers: ranked.map(({ tier }) => tier),
    refusedCandidates: [...refusedCandidates, ...refused],
  };
}

const tooManyPorts = `one of more than ${mostPorts} ports of its address`;

function refusal(
  address: Address,
  rules: CandidateRules,
  ownNetworks: readonly Prefix[],
): string | undefined {
  const kind = unreachableKind(address);
  if (kind !== undefined) return kind;
  if (rules.ownAddresses.has(address)) return "this node's own address";
  const network = broadcastNetwork(address, ownNetworks);
  if (network !== undefined) return `the broadcast address of ${network}, a network of this node`;
  return isKubespanULA(address) || isSideroLink(address) ? "an address inside a tunnel" : undefined;
}

/**
 * In which network of the mesh an address lies; `undefined` for an address that was granted by itself. In one of this node's,
 * of the peer's own, or of private addresses it would lead a tunnel through a tunnel. A public address inside another
 * member's network is only tried last: whoever asks for a wide network must not take from all others where they are dialled.
 */
function routeTo(
  address: Address,
  routed: PrefixIndex<Router>,
): { nodeId: string | undefined; text: string } | undefined {
  const route = routed.find(address);
  if (!route || isHostPrefix(route.prefix)) return undefined;
  const { label, nodeId } = route.value;
  return { nodeId, text: `inside ${route.prefix}, which ${label} routes through the mesh` };
}

/**
 * The networks in which no endpoint should lie, or the tunnel would run through a tunnel. Single addresses stand among them
 * for what they are: a node's own address is both a destination in the mesh and where the node is dialled.
 */
export function routedPrefixes(
  networks: Iterable<{ readonly prefix: Prefix } & Router>,
  own: readonly Prefix[],
): PrefixIndex<Router> {
  const index = new PrefixIndex<Router>();
  for (const prefix of own) index.add(prefix, { label: "this node" });
  for (const { prefix, label, nodeId } of networks)
    index.add(prefix, { label, ...(nodeId !== undefined && { nodeId }) });
  return index;
}
