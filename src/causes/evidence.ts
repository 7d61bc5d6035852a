import type { Endpoint, LeftOut } from "../net/index.ts";
import type { Nat } from "../self/index.ts";

/** What is known about a peer that is not up, and about this node, that may tell why. All ages are in seconds. */
export interface Evidence {
  readonly node: NodeEvidence;
  readonly label: string;
  /** The endpoints at which the peer is dialled, and those that it announces and that are never dialled. */
  readonly endpoints: readonly Endpoint[];
  readonly refused: readonly LeftOut[];
  /** Whether it was up before, since this daemon runs. */
  readonly wasUp: boolean;
  /** The handshakes that were sent since something is missing of it, and the answers to them. */
  readonly asked: number;
  readonly answered: number;
  /** The answers that came from where it was asked, and do not open with this node's cluster secret. */
  readonly unreadable: number;
  /** Whether each endpoint is private and in no network of this node; and whether this node has no address of their family. */
  readonly isPrivateElsewhere: boolean;
  readonly isOtherFamily: boolean;
  /** The time since something was last received of it; absent if nothing was. */
  readonly heardAge?: number;
  /** The time since which it is not up. */
  readonly lostAge: number;
  /** The time since which no registry names it; absent as long as one does. */
  readonly absentAge?: number;
  /** The endpoint that both it and somebody else announce, and the other's name; `undefined` stands for this node. */
  readonly shared?: { readonly endpoint: Endpoint; readonly with: string | undefined };
  /** Nothing got out of this node since before the peer was lost. */
  readonly isUnsent?: true;
  /** The two endpoints between which it goes back and forth. */
  readonly between?: readonly [Endpoint, Endpoint];
}

/** What is known about this node, whatever the peer. */
export interface NodeEvidence {
  readonly nat: Nat;
  readonly isClockBehind: boolean;
  /** The names of the registries at which another machine uses this node's id. */
  readonly copiesAt: readonly string[];
  /** Whether UDP packets come back to this node, from whomever; `undefined` where nobody is known who should answer. */
  readonly hearsUdp: boolean | undefined;
  /** Whether an operator evicted this node. */
  readonly isEvicted: boolean;
  /** Whether no registry is connected, so that nobody tells where peers have moved to. */
  readonly isCutOff: boolean;
  readonly peersUp: number;
  readonly listenPort: number;
}

/** Why a peer is probably not up, and what the operator may do about it. */
export interface Cause {
  readonly kind: string;
  /** A clause about the peer or this node, without a full stop. */
  readonly what: string;
  readonly cure: string;
}

/** One kind of cause: what it is in this case, and its cure; `undefined` where the evidence does not show it. */
export interface CauseKind {
  readonly name: string;
  readonly findIn: (evidence: Evidence) => Omit<Cause, "kind"> | undefined;
}
