import type { Endpoint } from "../net/index.ts";
import type { PeerReport } from "./status.ts";

/** The way over which packets for a peer go. */
export type WayToPeer =
  | { readonly kind: "direct"; readonly endpoint: Endpoint }
  /** Somebody passes the packets on: a member by its name, or a discovery service by its URL. */
  | { readonly kind: "relayed" | "carried"; readonly via: string }
  | { readonly kind: "none"; readonly why: string };

/** Tells over which way packets for a peer go at the moment. */
export function wayTo({
  state,
  suspected,
  endpoint,
  way,
  trouble,
}: Pick<PeerReport, "state" | "suspected" | "endpoint" | "way" | "trouble">): WayToPeer {
  if (state !== "up") return { kind: "none", why: trouble ?? `the peer is ${state}` };
  if (endpoint === undefined) return { kind: "none", why: "the peer has no endpoint" };
  if (suspected) return { kind: "none", why: `an answer from ${endpoint} is due` };
  return way === undefined || way.kind === "direct"
    ? { kind: "direct", endpoint }
    : { kind: way.kind, via: way.via };
}

/** The way in words. */
export function wayText(way: WayToPeer): string {
  if (way.kind === "none") return way.why;
  return way.kind === "direct" ? `direct at ${way.endpoint}` : `via ${way.via}`;
}

/**
 * Finds the peers that an operator may mean: by the name, the host name, the node id, the public key or an address; or,
 * where nothing is called that, by the beginning of the node id.
 */
export function peersNamed(peers: readonly PeerReport[], name: string): readonly PeerReport[] {
  const exact = peers.filter(({ label, nodeId, publicKey, address, allowedIPs, machine }) => {
    const addresses = allowedIPs.map((prefix) => prefix.replace(/\/(?:32|128)$/, ""));
    return name !== "" && [label, machine?.hostname, nodeId, publicKey, address, ...addresses].includes(name);
  });
  if (exact.length > 0 || name === "") return exact;
  return peers.filter(({ nodeId }) => nodeId.startsWith(name));
}
