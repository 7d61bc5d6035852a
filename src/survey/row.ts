import { type PeerReport, wayTo } from "../api/index.ts";
import { recipientOf } from "../members/index.ts";
import type { Measured } from "./measure.ts";
import type { Cell } from "./message.ts";

/** The peers in an order that stays the same from one page of a row to the next. */
export const inOrder = (peers: readonly PeerReport[]): readonly PeerReport[] =>
  peers.toSorted((one, other) => (one.publicKey < other.publicKey ? -1 : 1));

/** The way to a peer, with what was measured; nothing is measured of a peer that is not reached. */
export function cellOf(peer: PeerReport, measure: Measured | undefined): Cell {
  const way = wayTo(peer);
  return {
    to: recipientOf(peer.publicKey),
    way: way.kind,
    ...("via" in way && { via: way.via }),
    ...measure,
  };
}
