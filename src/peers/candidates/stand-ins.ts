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
}

/** Candidates of which some stand in. */
export interface WithStandIns {
  /** The endpoints that are direct. Absent where all are. */
  readonly direct?: readonly Endpoint[];
  /** All endpoints at which this peer would not be reached directly. */
  readonly standIns?: ReadonlyMap<Endpoint, StandIn>;
}

/**
 * The way that packets take to a peer:
 * - `direct`: from node to node
 * - `relayed`: through the member that `via` names
 * - `carried`: over the connection to the discovery service that `via` names
 */
export type Way = { readonly kind: "direct" } | { readonly kind: StandInKindName; readonly via: string };

/** The way to a peer that is reached at this endpoint. */
export function wayTo({ standIns }: WithStandIns, endpoint: Endpoint): Way {
  const standIn = standIns?.get(endpoint);
  return standIn ? { kind: standIn.kind, via: standIn.via } : { kind: "direct" };
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
  if (!standIns || standIns.all.size === 0) return spec;
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
