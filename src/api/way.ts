import type { Endpoint } from "../net/index.ts";
import type { Way } from "../peers/index.ts";
import type { PeerReport } from "./status.ts";

export type DirectKind = "direct" | "mapped" | "guessed";

/** What is said of the port of a peer that is reached directly, behind the endpoint. */
export const portWords: Readonly<Record<DirectKind, string>> = {
  direct: "",
  mapped: ", by a port that its router leads",
  guessed: ", by a guessed port",
};

/** The way over which packets for a peer go. */
export type WayToPeer =
  /**
   * A mapped path is direct, to a port that a router leads to the peer; and so is a guessed one, through a mapping of a NAT
   * that was found by trying ports.
   */
  | { readonly kind: DirectKind; readonly endpoint: Endpoint }
  /** Somebody passes the packets on: a member by its name, or a discovery service by its URL. */
  | Extract<Way, { readonly via: string }>
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
  if (way && "via" in way) return { kind: way.kind, via: way.via };
  return { kind: way?.kind ?? "direct", endpoint };
}

/** The way in words. */
export function wayText(way: WayToPeer): string {
  if (way.kind === "none") return way.why;
  if ("via" in way) return `via ${way.via}`;
  return `direct at ${way.endpoint}${portWords[way.kind]}`;
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
