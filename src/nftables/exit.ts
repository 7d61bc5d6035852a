import type { Address } from "../net/index.ts";

/**
 * The programs of a node whose connections to a registry may leave outside the mesh: all of them with the pods
 * (`node`), or this daemon alone (`daemon`).
 */
export type Clients = "node" | "daemon";

/** The address and TCP port of a registry. */
export interface Exit {
  readonly address: Address;
  readonly port: number;
  readonly clients: Clients;
}

/** A TCP port at which this node serves a registry. */
export interface Served {
  readonly port: number;
  readonly clients: Clients;
}

/** The connections to registries that leave outside the mesh as long as the member there is not connected. */
export interface Exits {
  readonly registries: readonly Exit[];
  readonly served: readonly Served[];
  /** The group of this daemon's processes, which no other process has; `undefined` if it has no group of its own. */
  readonly group: number | undefined;
}

/** The exits of a node that reaches and answers no registry outside the mesh. */
export const noExits: Exits = { registries: [], served: [], group: undefined };
