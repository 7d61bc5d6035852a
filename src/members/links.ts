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

/** The tunnels by public key. Silent are those of members that the last poll of the peers found down. */
export function linksOf(
  device: Pick<ObservedDevice, "peers"> | undefined,
  isDown: (publicKey: string) => boolean,
): ReadonlyMap<string, MemberLink> {
  const links = new Map<string, MemberLink>();
  for (const { publicKey, handshakeAt, receivedBytes } of device?.peers.values() ?? []) {
    const link = { receivedBytes, isSilent: isDown(publicKey) };
    links.set(publicKey, handshakeAt === undefined ? link : { ...link, handshakeAt });
  }
  return links;
}
