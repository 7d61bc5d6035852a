import {
  type Address,
  bitsOf,
  type Endpoint,
  endpointAddress,
  isKubespanULA,
  isSideroLink,
  type LeftOut,
  type Prefix,
  PrefixIndex,
  prefixFamily,
  unreachableKind,
} from "../net/index.ts";
import type { Tier } from "./better-way.ts";
import { broadcastNetwork } from "./broadcast.ts";
import { mostPorts, withFewPorts } from "./ports.ts";
import { forbiddenBy, type Preferences, type Ranked, rank } from "./preference.ts";

export interface CandidateRules {
  readonly ownAddresses: ReadonlySet<Address>;
  /** Networks (not single hosts) that are reached through the mesh, with the name of who routes them. */
  readonly routed: PrefixIndex<string>;
}

/** Splits a peer's endpoints into those worth dialling, best first, and the others; all with reasons (lesson 8). */
export function sortCandidates(
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
  for (const endpoint of new Set([...endpoints, ...(lastWorking === undefined ? [] : [lastWorking])])) {
    const reason =
      refusal(endpointAddress(endpoint), rules, ownNetworks) ?? forbiddenBy(endpoint, preferences);
    if (reason === undefined) candidates.push(endpoint);
    else refusedCandidates.push({ value: endpoint, reason });
  }
  const kept = withFewPorts(candidates, lastWorking);
  if (kept.length < candidates.length)
    for (const value of candidates)
      if (!kept.includes(value)) refusedCandidates.push({ value, reason: tooManyPorts });
  const { ranked, refused } = rank(kept, preferences);
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
  if (isKubespanULA(address) || isSideroLink(address)) return "an address inside a tunnel";
  const route = rules.routed.find(address);
  return route && `inside ${route.prefix}, which ${route.value} routes through the mesh`;
}

/**
 * The networks in which no endpoint may lie, or the tunnel would run through a tunnel. Single addresses are not among
 * them: a node's own address is both a destination in the mesh and where the node is dialled.
 */
export function routedPrefixes(
  networks: Iterable<{ readonly prefix: Prefix; readonly label: string }>,
  own: readonly Prefix[],
): PrefixIndex<string> {
  const index = new PrefixIndex<string>();
  for (const prefix of own) index.add(prefix, "this node");
  for (const { prefix, label } of networks) if (!isHost(prefix)) index.add(prefix, label);
  return index;
}

const isHost = (prefix: Prefix): boolean => bitsOf(prefix) === (prefixFamily(prefix) === 4 ? 32 : 128);
