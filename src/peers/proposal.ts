import type { Endpoint } from "../net/index.ts";
import type { ObservedPeer, PeerAction } from "../wireguard/index.ts";
import type { WithStandIns } from "./candidates/index.ts";
import type { Connection } from "./connection.ts";
import type { PeerSpec } from "./spec.ts";

/** What a step is told beside the connection. */
export interface View {
  /** The peer, with what stands in for direct paths to it. */
  readonly spec: PeerSpec & WithStandIns;
  /** The peer's entry in the device, if there is one. */
  readonly observed: ObservedPeer | undefined;
  /** The number of peers in the mesh, which decides how often each is polled. */
  readonly peers: number;
  /** Absent where races do not work: then all attempts are serial. */
  readonly racing: Racing | undefined;
  readonly keepaliveSeconds: number;
  /** The time at which this node last lost an address: a peer of which nothing was received since is doubted. */
  readonly shakenAt: number | undefined;
  /** The time since which the peer's endpoint is another peer's, too: a peer of which nothing was received since is doubted. */
  readonly takenAt?: number | undefined;
  /** The time since which another connected member claims what this peer owns: a peer of which nothing was received since is doubted. */
  readonly contestedAt?: number | undefined;
  /** The time since which data to a peer behind this relay is unanswered. The relay is doubted if nothing was received since. */
  readonly askedAt?: number | undefined;
  /** The time since which nothing gets out of this node: a peer of which nothing was received since is doubted. */
  readonly unsentSince?: number | undefined;
  /** The relay by which the peer is reached answers no more. */
  readonly isRelayLost?: boolean;
}

export interface Racing {
  readonly ownKey: string;
  /** Serial attempts join in after some rounds in vain. */
  readonly mayDialSerially: boolean;
}

/** An initiation of this node's to each of these endpoints. */
interface RaceAction {
  readonly kind: "race";
  readonly endpoints: readonly Endpoint[];
}

/**
 * What is done about a peer: WireGuard is told something, or it is raced. `keep` and `wait` cost nothing; `park` comes from
 * the budget alone.
 */
export type Action = PeerAction | RaceAction;
export type IdleAction = Extract<Action, { readonly kind: "keep" | "wait" }>;
type PaidAction = Extract<Action, { readonly kind: "dial" | "race" | "move" }>;

/** Something that may be done now, and the connection after it. Where it is not granted, neither has happened. */
export interface Proposal {
  readonly cost: Cost;
  readonly after: Connection;
  readonly do: PaidAction;
  /** The milliseconds until the next poll, where it is granted. */
  readonly pollInMs: number;
}

export interface Cost {
  /** Packets with an initiation; WireGuard's first one after a dial is one. */
  readonly packets: number;
  /** From the budget of probes; 0 for what belongs to one that was begun. */
  readonly probes: number;
}

/** What comes of a peer at one poll: `next` and `do` where nothing is proposed, or what is proposed is not granted. */
export interface Step {
  readonly next: Connection;
  readonly do: IdleAction;
  readonly proposal?: Proposal;
  /** The milliseconds until the next poll. */
  readonly pollInMs: number;
}

/** The cost of an action; `probes` is 0 but for what begins a probe. */
export const costOf = (action: PaidAction, probes = 0): Cost => ({
  packets: action.kind === "race" ? action.endpoints.length : 1,
  probes,
});

export const keep: IdleAction = { kind: "keep" };
