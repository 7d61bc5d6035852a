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
export const linksOf = (
  device: Pick<ObservedDevice, "peers"> | undefined,
  isDown: (publicKey: string) => boolean,
): ReadonlyMap<string, MemberLink> =>
  new Map(
    [...(device?.peers.values() ?? [])].map(({ publicKey, handshakeAt, receivedBytes }) => [
      publicKey,
      { ...(handshakeAt !== undefined && { handshakeAt }), receivedBytes, isSilent: isDown(publicKey) },
    ]),
  );
