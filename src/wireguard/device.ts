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
  /** Present when the peer, which is not connected, is to be tried at this endpoint now. */
  readonly dial?: Endpoint;
  /** Present when the peer, which is connected, is reached there and no longer where it was: its session goes on. */
  readonly move?: Endpoint;
  /** It is not known yet where this peer answers: WireGuard must not try by itself, and is not told to keep it alive. */
  readonly isWaiting?: boolean;
  /** It was tried in vain, and WireGuard is to end that: a new start, without an endpoint. */
  readonly isParked?: boolean;
}

/** The kernel's WireGuard, or Debian's `wireguard-go` behind a tun link. */
export type Implementation = "kernel" | "userspace";

/** To keep NAT mappings open on every path (reference section 1). */
export const keepaliveSeconds = 25;
