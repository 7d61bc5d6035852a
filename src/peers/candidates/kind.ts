import type { DialRules } from "../../config/index.ts";
import type { Address, Endpoint, Prefix, PrefixIndex } from "../../net/index.ts";

/** What an endpoint is worth by what it is, wherever the peer was connected before: the lower, the better. */
export const classes = { preferred: 0, ownNetwork: 1, other: 2, relayed: 3, carried: 4 } as const;
export type CandidateClass = (typeof classes)[keyof typeof classes];

/** Whether endpoints of this class only stand in where no direct path works. */
export const isStandIn = (each: CandidateClass): boolean => each >= classes.relayed;

/** The node that gets what is sent to a network; without a node id it is this node. */
export interface Router {
  readonly label: string;
  readonly nodeId?: string;
}

/** What this node knows when it judges the endpoints of one peer. */
export interface CandidateContext {
  /** The node id of the peer. */
  readonly nodeId: string;
  readonly ownAddresses: ReadonlySet<Address>;
  /** Networks that this node's own links are on. */
  readonly ownNetworks: readonly Prefix[];
  /** What is reached through the mesh, as it was granted. */
  readonly routed: PrefixIndex<Router>;
  /** The addresses that more than one member lists as its own. */
  readonly shared: ReadonlySet<Address>;
  readonly dial: DialRules;
  /** The endpoint at which the peer was last connected. */
  readonly lastWorking?: Endpoint | undefined;
}

/** An endpoint that is judged, and its address. */
interface Subject {
  readonly endpoint: Endpoint;
  readonly address: Address;
}

/** What a kind says of an endpoint that is of this kind. */
interface Recognition {
  /** Why the candidate stands where it stands, for an operator. */
  readonly reason: string;
  /** The rank among those of its kind, the lowest first; 0 where absent. Equals stay as they were announced. */
  readonly rank?: number;
}

/** A kind of endpoint. */
export interface CandidateKind<Name extends string = string> {
  /** What the status calls it. */
  readonly name: Name;
  /** `next`: the kind tells nothing of what the endpoint is, and the next kind that recognizes it does. */
  readonly class: CandidateClass | "next";
  /** The place of its candidates among those of other kinds, the lowest first. No two kinds have the same. */
  readonly place: number;
  readonly recognize: (subject: Subject, context: CandidateContext) => Recognition | undefined;
  /** Endpoints that are candidates of the peer even if nobody announces them. */
  readonly adds?: (context: CandidateContext) => readonly Endpoint[];
}

/** A kind of endpoint at which a peer is reached by way of something else, where no direct path works. */
export interface StandInKind<Name extends string = string> {
  /** What the status calls it. */
  readonly name: Name;
  readonly class: CandidateClass;
  readonly reasonOf: (via: string) => string;
}
