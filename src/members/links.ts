import type { ObservedDevice } from "../wireguard/index.ts";

/** The tunnel to a member as WireGuard and the last poll show it. Times are in milliseconds since 1970. */
export interface MemberLink {
  /** The time of the last handshake; absent if there was none. */
  readonly handshakeAt?: number;
  /** The number of bytes received through the tunnel since WireGuard holds the member. */
  readonly receivedBytes: number;
  /** The time at which something was last received through it, as far as the last poll knows. */
  readonly heardAt?: number;
  /** Whether the tunnel is known to carry nothing, although its last handshake may be recent. */
  readonly isSilent: boolean;
}

/** What the last poll of the peers knows of a tunnel. */
export interface PolledTunnel {
  readonly isDown: boolean;
  readonly heardAt?: number | undefined;
}

/** The tunnels by public key. Silent are those of members that the last poll of the peers found down. */
export function linksOf(
  device: Pick<ObservedDevice, "peers"> | undefined,
  polled: (publicKey: string) => PolledTunnel,
): ReadonlyMap<string, MemberLink> {
  const links = new Map<string, MemberLink>();
  for (const { publicKey, handshakeAt, receivedBytes } of device?.peers.values() ?? []) {
    const { isDown, heardAt } = polled(publicKey);
    const link: MemberLink = {
      ...(handshakeAt !== undefined && { handshakeAt }),
      receivedBytes,
      ...(heardAt !== undefined && { heardAt }),
      isSilent: isDown,
    };
    links.set(publicKey, link);
  }
  return links;
}
