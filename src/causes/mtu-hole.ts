import type { Cause } from "./evidence.ts";

/** What is known of the packets that pass to a peer that is up, by their size. */
export interface Passing {
  /** The largest packet that came back; absent if only very small ones did. */
  readonly mtu?: number;
  readonly linkMtu: number;
}

/**
 * A path that drops large packets: the peer is up, as handshakes and keepalives are small, and transfers hang. `undefined`
 * where packets of the link's MTU pass.
 */
export const mtuHole = ({ mtu = 0, linkMtu }: Passing): Cause | undefined =>
  mtu >= linkMtu
    ? undefined
    : {
        kind: "mtu-hole",
        what: `small packets pass, and such of ${linkMtu} bytes get lost on the way${mtu > 0 ? `; ${mtu} bytes pass` : ""}`,
        cure: `set mtu to ${mtu > 0 ? mtu : 1280} on both nodes, or let ICMP "too big" through on the way`,
      };
