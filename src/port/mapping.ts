import type { Endpoint } from "../net/index.ts";

/** The statement of an observer about the endpoint from which packets of WireGuard's port arrive there. */
export interface Observation {
  /** The observer: the host and port of a STUN server, or the public key of a member, as members choose their names. */
  readonly observer: string;
  /** The name of a member in messages. */
  readonly name?: string;
  readonly by: "server" | "member";
  readonly endpoint: Endpoint;
  /** The times at which the observer first and last said so, in milliseconds since 1970. */
  readonly since: number;
  readonly at: number;
}

/** What the STUN servers say about WireGuard's port. */
export interface Mapping {
  /**
   * The last statement of each server, at most one for each family. It stays while the server is away, because the
   * mapping is most likely the same.
   */
  readonly observations: readonly Observation[];
  /** The servers that say nothing new, or nothing at all, each with the reason. */
  readonly problems: readonly { readonly observer: string; readonly problem: string }[];
}
