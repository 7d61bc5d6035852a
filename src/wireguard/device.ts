import type { Secret } from "../base/index.ts";
import type { Endpoint, Prefix } from "../net/index.ts";

/** What the WireGuard device has to be. */
export interface DesiredDevice {
  readonly interfaceName: string;
  readonly implementation: Implementation;
  /** Bytes. */
  readonly mtu: number;
  readonly privateKey: Secret;
  readonly presharedKey: Secret;
  readonly listenPort: number;
  /** Set on every packet that WireGuard emits, so that it is not steered back into the tunnel. */
  readonly firewallMark: number;
  readonly peers: readonly DesiredPeer[];
}

export interface DesiredPeer {
  readonly publicKey: string;
  /** How a plan names the peer. */
  readonly label: string;
  readonly allowedIPs: readonly Prefix[];
  readonly action: PeerAction;
}

/**
 * What WireGuard is to do about a peer:
 * - `keep`: go on, and keep it alive
 * - `wait`: not try by itself, and not keep it alive, as it is not known yet where the peer answers
 * - `dial`: try this endpoint now; the peer is not connected
 * - `move`: send there and no longer where it did; the peer is connected, and its session goes on
 * - `park`: end trying, which was in vain: a new start, without an endpoint
 */
export type PeerAction =
  | { readonly kind: "keep" }
  | { readonly kind: "wait" }
  | { readonly kind: "dial"; readonly endpoint: Endpoint }
  | { readonly kind: "move"; readonly endpoint: Endpoint }
  | { readonly kind: "park" };

/** The kernel's WireGuard, or Debian's `wireguard-go` behind a tun link. */
export type Implementation = "kernel" | "userspace";

/** To keep NAT mappings open on every path (reference section 1). */
export const keepaliveSeconds = 25;
