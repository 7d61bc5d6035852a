import type { Endpoint } from "../../net/index.ts";
import type { CandidateClass } from "./kind.ts";
import type { Candidate, Candidates } from "./sort.ts";
import { type StandInKindName, standInKinds } from "./stand-in-kinds.ts";

/** An endpoint that stands in for those of other peers. */
export interface StandIn {
  readonly kind: StandInKindName;
  readonly endpoint: Endpoint;
  /** The name of what passes the packets on. */
  readonly via: string;
  /** The public key of the member whose own endpoint it is: that member itself is reached there directly. */
  readonly owner?: string;
}

/** What stands in for direct paths. It stays the same object until something of it changes. */
export interface StandIns {
  /** All endpoints that stand in, also those that this node would not choose: a peer may have chosen one. */
  readonly all: ReadonlyMap<Endpoint, StandIn>;
  /** Those at which a peer, named by its public key, is tried, the best first. */
  readonly of: (publicKey: string) => readonly StandIn[];
  /** The endpoints at which peers, named by their public keys, were found by guessing; absent for none. */
  readonly guessed?: ReadonlyMap<string, Endpoint>;
}

/** Candidates of which some stand in. */
export interface WithStandIns {
  /** The endpoints that are direct. Absent where all are. */
  readonly direct?: readonly Endpoint[];
  /** All endpoints at which this peer would not be reached directly. */
  readonly standIns?: ReadonlyMap<Endpoint, StandIn>;
  /** The endpoint at which the peer was found by guessing. */
  readonly guessed?: Endpoint;
}

/**
 * The way that packets take to a peer:
 * - `direct`: from node to node
 * - `guessed`: from node to node, through a mapping that was found by guessing ports
 * - `relayed`: through the member that `via` names
 * - `carried`: over the connection to the discovery service that `via` names
 */
export type Way =
  | { readonly kind: "direct" | "guessed" }
  | { readonly kind: StandInKindName; readonly via: string };

/** The way to a peer that is reached at this endpoint. */
export function wayTo({ standIns, guessed }: WithStandIns, endpoint: Endpoint): Way {
  const standIn = standIns?.get(endpoint);
  if (standIn) return { kind: standIn.kind, via: standIn.via };
  return { kind: endpoint === guessed ? "guessed" : "direct" };
}

/** The class of an endpoint. One that is no candidate is one of the rest. */
export function classAmong(
  {
    candidates,
    standIns,
  }: WithStandIns & { readonly candidates: readonly Pick<Candidate, "endpoint" | "class">[] },
  endpoint: Endpoint,
  rest: CandidateClass,
): CandidateClass {
  const standIn = standIns?.get(endpoint);
  if (standIn) return standInKinds[standIn.kind].class;
  return candidates.find((candidate) => candidate.endpoint === endpoint)?.class ?? rest;
}

const equipped = new WeakMap<Candidates, { readonly from: StandIns; readonly made: Candidates }>();

/**
 * The peer with the endpoints that stand in for its own, which come last. What stands in is never taken for one of the
 * peer's own endpoints, whoever announces it. The result is the same object for as long as both values are.
 */
export function withStandIns<Spec extends Candidates & { readonly publicKey: string }>(
  spec: Spec,
  standIns: StandIns | undefined,
): Spec & WithStandIns {
  if (!standIns || (standIns.all.size === 0 && !standIns.guessed)) return spec;
  const guessed = standIns.guessed?.get(spec.publicKey);
  const known = equipped.get(spec);
  if (known?.from === standIns) return known.made as Spec & WithStandIns;
  const others = [...standIns.all].filter(([, { owner }]) => owner !== spec.publicKey);
  const all = new Map(others);
  const direct = spec.candidates.filter(({ endpoint }) => !all.has(endpoint));
  const last = standIns.of(spec.publicKey).map(candidateOf);
  const made = {
    ...spec,
    candidates: [...direct, ...last],
    endpoints: [...direct, ...last].map(({ endpoint }) => endpoint),
    direct: direct.map(({ endpoint }) => endpoint),
    standIns: all,
    ...(guessed !== undefined && { guessed }),
  };
  equipped.set(spec, { from: standIns, made });
  return made;
}

const candidateOf = ({ kind, endpoint, via }: StandIn): Candidate => ({
  endpoint,
  kind,
  reason: standInKinds[kind].reasonOf(via),
  class: standInKinds[kind].class,
});
