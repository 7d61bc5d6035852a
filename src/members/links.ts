import type { Endpoint } from "../net/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";

/** The tunnel to a member as WireGuard and the last poll show it. Times are in milliseconds since 1970. */
export interface MemberLink {
  /** The time of the last handshake; absent if there was none. */
  readonly handshakeAt?: number;
  /** The number of bytes received through the tunnel since WireGuard holds the member. */
  readonly receivedBytes: number;
  /** Whether the tunnel is known to carry nothing, although its last handshake may be recent. */
  readonly isSilent: boolean;
}

/**
 * The tunnels by public key. Silent are those of members that are down, and those whose endpoint is somebody else's by
 * now: only one WireGuard can be behind an address and a port, so the latest handshake tells whose it is. A machine that
 * was installed anew proves in that way that its former identity is gone.
 */
export function linksOf(
  device: Pick<ObservedDevice, "peers"> | undefined,
  isDown: (publicKey: string) => boolean,
): ReadonlyMap<string, MemberLink> {
  const latest = new Map<Endpoint, number>();
  const peers = [...(device?.peers.values() ?? [])];
  for (const { endpoint, handshakeAt = 0 } of peers)
    if (endpoint !== undefined) latest.set(endpoint, Math.max(handshakeAt, latest.get(endpoint) ?? 0));
  return new Map(
    peers.map(({ publicKey, endpoint, handshakeAt, receivedBytes }) => {
      const isTaken = endpoint !== undefined && (handshakeAt ?? 0) < (latest.get(endpoint) ?? 0);
      const isSilent = isTaken || isDown(publicKey);
      return [publicKey, { ...(handshakeAt !== undefined && { handshakeAt }), receivedBytes, isSilent }];
    }),
  );
}
