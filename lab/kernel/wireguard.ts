import type { Secret } from "../../src/base/index.ts";
import { type Address, bitsOf, type Endpoint, type Prefix, prefixContains } from "../../src/net/index.ts";
import type { ObservedDevice, ObservedPeer } from "../../src/wireguard/index.ts";

/** A peer as WireGuard holds it and `wg show` prints it. Whoever models the protocol adds its state. */
export class WireGuardPeer implements ObservedPeer {
  readonly publicKey: string;
  presharedKey?: Secret;
  endpoint?: Endpoint;
  allowedIPs: Prefix[] = [];
  /** The time of the last handshake in milliseconds since 1970, in whole seconds. */
  handshakeAt?: number;
  receivedBytes = 0;
  sentBytes = 0;
  /** The interval of keepalives; 0 turns them off. */
  keepaliveSeconds = 0;

  constructor(publicKey: string) {
    this.publicKey = publicKey;
  }
}

/** The settings that one `peer` of `wg set` names. What is absent stays as it is. */
export interface PeerChange {
  readonly publicKey: string;
  readonly isRemoved?: boolean;
  readonly presharedKey?: Secret | undefined;
  readonly endpoint?: Endpoint | undefined;
  readonly keepaliveSeconds?: number | undefined;
  /** The allowed IPs in place of those that the peer has. */
  readonly allowedIPs?: readonly Prefix[] | undefined;
}

/**
 * The configuration of a WireGuard device, with the semantics of the kernel's and of wireguard-go: no two peers have the
 * same allowed IP, a peer that is removed is forgotten with its counters, and the device's own key is no peer.
 */
export class WireGuardDevice<Peer extends WireGuardPeer = WireGuardPeer> {
  privateKey?: Secret;
  /** The public key in base64; empty before there is a private one. */
  publicKey = "";
  listenPort: number;
  /** The mark of the packets that the device emits; 0 for none. */
  firewallMark = 0;
  readonly peers = new Map<string, Peer>();
  readonly #make: (publicKey: string) => Peer;

  constructor(listenPort: number, make: (publicKey: string) => Peer) {
    this.listenPort = listenPort;
    this.#make = make;
  }

  /** The device as `wg show DEVICE dump` tells it. Its peers are those of the device, and change with it. */
  get view(): ObservedDevice {
    const { privateKey, listenPort, firewallMark, peers } = this;
    return { ...(privateKey && { privateKey }), listenPort, firewallMark, peers };
  }

  /** Carries out one change. Gives the peer, and whether its keepalive was off before; nothing for one that is removed. */
  set(change: PeerChange): { readonly peer: Peer; readonly isTurnedOn: boolean } | undefined {
    const { publicKey, presharedKey, endpoint, keepaliveSeconds, allowedIPs } = change;
    if (change.isRemoved || publicKey === this.publicKey) {
      this.peers.delete(publicKey);
      return undefined;
    }
    const peer = this.peers.get(publicKey) ?? this.#make(publicKey);
    this.peers.set(publicKey, peer);
    if (presharedKey) peer.presharedKey = presharedKey;
    if (endpoint !== undefined) peer.endpoint = endpoint;
    const isTurnedOn = peer.keepaliveSeconds === 0 && (keepaliveSeconds ?? 0) > 0;
    if (keepaliveSeconds !== undefined) peer.keepaliveSeconds = keepaliveSeconds;
    if (allowedIPs) this.#allow(peer, allowedIPs);
    return { peer, isTurnedOn };
  }

  #allow(peer: Peer, allowedIPs: readonly Prefix[]): void {
    const moved = new Set(allowedIPs);
    for (const other of this.peers.values())
      if (other.allowedIPs.some((prefix) => moved.has(prefix)))
        other.allowedIPs = other.allowedIPs.filter((prefix) => !moved.has(prefix));
    peer.allowedIPs = [...moved];
  }

  /** Finds the peer that gets a packet to this address. Without one, the sender is told that there is no route. */
  ownerOf(address: Address): Peer | undefined {
    let [owner, longest] = [undefined as Peer | undefined, -1];
    for (const peer of this.peers.values())
      for (const prefix of peer.allowedIPs)
        if (bitsOf(prefix) > longest && prefixContains(prefix, address))
          [owner, longest] = [peer, bitsOf(prefix)];
    return owner;
  }
}
