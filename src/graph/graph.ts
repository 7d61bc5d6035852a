import { type PeerReport, type Status, type WayToPeer, wayTo } from "../api/index.ts";

/** The mesh as nodes and the ways between them, for pictures. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly Edge[];
}

export interface GraphNode {
  readonly id: string;
  /** The name of the node, which may hold anything. */
  readonly label: string;
  /** Set of the node that was asked. */
  readonly isSelf?: true;
}

export interface Edge {
  /** The ids of two nodes. */
  readonly from: string;
  readonly to: string;
  readonly way: WayToPeer["kind"];
  /** The name of who passes the packets on. */
  readonly via?: string;
  readonly roundTripMs?: number;
}

/** The mesh as one node sees it: itself, and the ways to its peers. */
export function graphOf({ node, peers }: Pick<Status, "node" | "peers">): Graph {
  const self = { id: node.nodeId, label: node.hostname || node.nodeId, isSelf: true as const };
  return {
    nodes: [self, ...peers.map(({ nodeId, label }) => ({ id: nodeId, label }))],
    edges: peers.map((peer) => edgeTo(peer, node.nodeId)),
  };
}

function edgeTo(peer: PeerReport, from: string): Edge {
  const way = wayTo(peer);
  const roundTripMs = peer.endpoint === undefined ? undefined : peer.roundTrips[peer.endpoint];
  return {
    from,
    to: peer.nodeId,
    way: way.kind,
    ...("via" in way && { via: way.via }),
    ...(way.kind !== "none" && roundTripMs !== undefined && { roundTripMs }),
  };
}

/** The words at a line: the round trip, and who is on the way. Empty where nothing is known. */
export function edgeText({ way, via, roundTripMs }: Edge): string {
  const time = roundTripMs === undefined ? [] : [`${roundTripMs.toFixed(1)} ms`];
  const how =
    via === undefined ? (way === "none" ? ["no way"] : way === "guessed" ? [way] : []) : [`via ${via}`];
  return [...time, ...how].join(", ");
}
