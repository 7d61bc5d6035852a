import { type MeshNode, type PeerReport, type Status, siteOf, type WayToPeer, wayTo } from "../api/index.ts";

/** The mesh as nodes and the ways between them, for pictures. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly Edge[];
}

export interface GraphNode {
  readonly id: string;
  /** The name of the node, which may hold anything. */
  readonly label: string;
  /** The network in which the node is found; absent of one that stands for itself. */
  readonly site?: string;
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
    nodes: [self, ...peers.map((peer) => ({ id: peer.nodeId, label: peer.label, site: siteOf(peer) }))],
    edges: peers.map((peer) => edgeTo(peer, node.nodeId)),
  };
}

/** A node of the matrix in a picture. */
export const graphNode = ({ nodeId, ...rest }: MeshNode): GraphNode => ({ id: nodeId, ...rest });

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
    via === undefined ? (way === "none" ? ["no way"] : way === "direct" ? [] : [way]) : [`via ${via}`];
  return [...time, ...how].join(", ");
}

/** A site and its nodes. */
export interface Site {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
}

/** The sites in the order of their first nodes. */
export function sitesOf(nodes: readonly GraphNode[]): readonly Site[] {
  const sites = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    if (node.site === undefined) continue;
    const there = sites.get(node.site);
    if (there) there.push(node);
    else sites.set(node.site, [node]);
  }
  return [...sites].map(([name, there]) => ({ name, nodes: there }));
}

/** The nodes that are at no site. */
export const alone = (nodes: readonly GraphNode[]): readonly GraphNode[] =>
  nodes.filter(({ site }) => site === undefined);
