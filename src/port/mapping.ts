import type { Endpoint } from "../net/index.ts";

/** The endpoints at which a STUN server sees WireGuard's port. */
export interface Mapping {
  /** The host and the port of the server, as configured. */
  readonly server: string;
  /**
   * The endpoints as which others see this node, at most one for each family. They are the last ones that were told,
   * also when the server is away.
   */
  readonly endpoints: readonly Endpoint[];
  /** The reason why there is nothing new, or nothing at all. */
  readonly problem?: string;
}
