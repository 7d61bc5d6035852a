import type { Prefix } from "../net/index.ts";

/** The request of a peer for all traffic to a prefix. */
export interface Claim {
  readonly nodeId: string;
  /** The name of the peer in messages. */
  readonly label: string;
  readonly prefix: Prefix;
  /** The prefix that the peer asked for, if it may have only a part of it. */
  readonly asked?: Prefix;
  /** Set if the prefix is an address of the peer itself, and not a network behind it. */
  readonly isAddress?: true;
}
