import type { Secret } from "../base/index.ts";
import type { Endpoint, Prefix } from "../net/index.ts";

/** The desired state of the WireGuard device. */
export interface DesiredDevice {
  readonly interfaceName: string;
  readonly implementation: Implementation;
  /** The MTU in bytes. */
  readonly mtu: number;
  readonly privateKey: Secret;
  /** The preshared key of the peers that have none of their own. */
  readonly presharedKey: Secret;
  readonly listenPort: number;
  /** The mark of every packet that WireGuard emits, so that it is not steered back into the tunnel. */
  readonly firewallMark: number;
  readonly peers: readonly DesiredPeer[];
}

export interface DesiredPeer {
  readonly publicKey: string;
  /** The name of the peer in plans. */
  readonly label: string;
  readonly allowedIPs: readonly Prefix[];
  /** The preshared key; absent for that of the device. */
  readonly presharedKey?: Secret;
  /** The interval of the keepalives, where that is not the usual one. */
  readonly keepaliveSeconds?: number;
  readonly action: PeerAction;
}

/**
 * The way in which WireGuard has to treat a peer:
 * - `keep`: WireGuard goes on, and keeps the tunnel alive
 * - `wait`: WireGuard neither tries by itself nor keeps the tunnel alive, as it is not known yet where the peer answers
 * - `dial`: WireGuard tries this endpoint now; the peer is not connected
 * - `move`: WireGuard sends to this endpoint and no longer to the old one; the peer is connected, and its session goes
 *   on
 * - `park`: WireGuard ends its tries, which were in vain, and starts anew without an endpoint
 */
export type PeerAction =
  | { readonly kind: "keep" }
  | { readonly kind: "wait" }
  | { readonly kind: "dial"; readonly endpoint: Endpoint }
  | { readonly kind: "move"; readonly endpoint: Endpoint }
  | { readonly kind: "park" };

/** The implementation of WireGuard: the kernel's, or Debian's `wireguard-go` behind a tun link. */
export type Implementation = "kernel" | "userspace";

/** The interval of the keepalives that keep NAT mappings open on nearly every path; Talos has the same. */
export const keepaliveSeconds = 25;
