import type { Endpoint } from "../net/index.ts";

/** What a STUN server says about WireGuard's port. */
export interface Mapping {
  /** Where the server is, as configured. */
  readonly server: string;
  /** As which others see this node: at most one for each family; the last that was told, also when the server is away. */
  readonly endpoints: readonly Endpoint[];
  /** Why there is nothing new, or nothing at all. */
  readonly problem?: string;
}
