import type { Address } from "../net/index.ts";
import type { WayToPeer } from "./way.ts";

/** A node by its id and its name in messages. */
export interface NodeName {
  readonly nodeId: string;
  readonly label: string;
}

/** A node, and the network in which it is found. */
export interface MeshNode extends NodeName {
  readonly site: string;
  /** Set of the node that was asked. */
  readonly isSelf?: true;
}

/** A line of the matrix. All nodes come first, and then the rows, in pieces, as the members answer. */
export type MatrixLine =
  | { readonly nodes: readonly MeshNode[] }
  | { readonly from: NodeName; readonly linkMtu: number; readonly cells: readonly MatrixCell[] }
  /** The reason why a node does not tell whom it reaches, or not all of it. */
  | { readonly from: NodeName; readonly problem: string };

/** The way from one node to another, as it was measured just now. */
export interface MatrixCell extends MeasuredWay {
  /** The other node; its id alone, shortened, where this node does not know it. */
  readonly to: Partial<NodeName> & { readonly label: string };
}

interface MeasuredWay {
  readonly way: WayToPeer["kind"];
  /** The name of who passes the packets on. */
  readonly via?: string;
  readonly roundTripMs?: number;
  readonly lossPercent?: number;
  /** The largest packet that passes there and back, of the sizes that were tried. */
  readonly mtu?: number;
}

/** A line of the test of all paths from this node. What this node has comes first, and then a line for each peer. */
export type ConnectivityLine =
  | {
      readonly linkMtu: number;
      /** The addresses of this node in its own pod networks. */
      readonly podAddresses: readonly Address[];
    }
  | (MeasuredWay & {
      readonly peer: NodeName;
      readonly address: Address;
      /** Why there is no way; absent where there is one. */
      readonly problem?: string;
      /** The MTU of the routes to its networks; absent where that is the link's. */
      readonly routeMtu?: number;
      /** Whether the peer answers questions. One of an older version does not. */
      readonly answers: boolean;
      /** The addresses of the peer in its own pod networks. */
      readonly podAddresses: readonly Address[];
    });
