import type { Address, HostPort, Prefix } from "../net/index.ts";
import type { Affiliate } from "./affiliate.ts";
import type { Disowned } from "./own-record.ts";

/** An affiliate that arrived and was not believed. Both texts are printable. */
export interface RefusedAffiliate {
  readonly nodeId: string;
  readonly reason: string;
  /** Set if only the item that the reason names was left out, and the affiliate itself is used. */
  readonly partly?: true;
}

/** A server of a registry, as the operator named it. */
export interface RegistryServer extends HostPort {
  /** Whether it is asked over TLS, and its certificate is checked. */
  readonly tls: boolean;
  /** The programs of this node that ask it: all of them, or this daemon alone. */
  readonly clients: "node" | "daemon";
}

/** The statements of a registry, with the same fields for every kind. */
export interface Told {
  /**
   * Tells whether the statements are sealed with the cluster secret, so that only a holder of the secret can have made
   * them.
   */
  readonly isSealed: boolean;
  /** The other nodes, as last told, without this node. They are the same objects as long as they say the same. */
  readonly affiliates: readonly Affiliate[];
  readonly refused: readonly RefusedAffiliate[];
  /**
   * The ids of nodes that were removed from the cluster on purpose since the registry was opened, and not of those that
   * it merely lost.
   */
  readonly deletedNodes: ReadonlySet<string>;
  /**
   * The ids of nodes whose affiliates are still there although the registry itself hears nothing of their machines. Such
   * an affiliate is a memory, and names nobody.
   */
  readonly awayNodes: ReadonlySet<string>;
  /** The highest number that anybody used under this node's id. The next announcement needs a higher one. */
  readonly ownNumber: number;
  /** The pod networks of this node; `undefined` as long as the registry may know some and has not told them. */
  readonly podNetworks: readonly Prefix[] | undefined;
  /** The servers of the registry; `undefined` as long as the file that names them has not been read. */
  readonly servers: readonly RegistryServer[] | undefined;
  /** The address at which the registry sees this node. */
  readonly reflected: Address | undefined;
  /** The address at which the registry was last reached: one that its name led to, or a redirect. */
  readonly reachedAt: Address | undefined;
  /**
   * The foreign statements under this node's id, which mean that somebody tampers, or that a copy of this node runs.
   */
  readonly disowned: Disowned | undefined;
  /** The host and port at which the registry answers STUN, if it does. */
  readonly stun: HostPort | undefined;
}

/** The statements of a registry that knows nothing. Each kind replaces the fields that it can tell. */
export const nothingTold: Omit<Told, "isSealed"> = {
  affiliates: [],
  refused: [],
  deletedNodes: new Set(),
  awayNodes: new Set(),
  ownNumber: 0,
  podNetworks: [],
  servers: [],
  reflected: undefined,
  reachedAt: undefined,
  disowned: undefined,
  stun: undefined,
};
