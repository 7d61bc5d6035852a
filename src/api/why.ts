import type { Address, Endpoint, Prefix } from "../net/index.ts";
import type { PeerState } from "../peers/index.ts";

/** The way of a packet of this node for an address: as the daemon decided, and as the kernel says. */
export interface Why {
  readonly address: Address;
  /**
   * What the address is:
   * - `this node`: an address of this node, to which packets stay
   * - `mesh address`: the KubeSpan address of a peer or of nobody, which the link's own network reaches
   * - `target`: an address in a network that is sent into the mesh
   * - `outside`: none of these, so that packets leave as they always did
   */
  readonly subject: "this node" | "mesh address" | "target" | "outside";
  readonly decided: DecidedWay;
  readonly taken: Taken;
  /** The peer to which the packet is sent; absent where it is sent to none. */
  readonly peer?: PeerOnTheWay;
  /** What an operator should know besides: exceptions, and rules of others that come first. */
  readonly notes: readonly string[];
  /** What the kernel does otherwise than decided, in words. Empty if the two agree. */
  readonly differences: readonly string[];
}

/** A way as it was decided. */
export interface DecidedWay {
  /** The set of the nft table that holds the address, and the element that does. */
  readonly set?: string;
  readonly element?: Prefix;
  /** The packet mark with its mask. */
  readonly mark?: string;
  /** The routing rule that the packet meets. */
  readonly rule?: string;
  readonly table?: number;
  readonly link?: string;
}

/** A way as the kernel tells it. */
export interface Taken {
  /** The sets of the nft table in which the kernel finds the address. */
  readonly sets: readonly string[];
  readonly mark?: string;
  readonly table?: number;
  readonly link?: string;
  readonly source?: Address;
  readonly gateway?: Address;
  /** The complaint of the kernel where it has no route. */
  readonly refused?: string;
}

export interface PeerOnTheWay {
  readonly label: string;
  readonly publicKey: string;
  readonly state: PeerState;
  /** The network of the peer in which the address is, as WireGuard has it. */
  readonly allowedIP: Prefix;
  readonly endpoint?: Endpoint;
  /** The member or the service that passes the packets on there; absent where nobody does. */
  readonly via?: string;
  readonly trouble?: string;
}
