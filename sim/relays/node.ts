import type { Endpoint } from "../../src/net/index.ts";
import type { PeerSpec, Peers, StandIns } from "../../src/peers/index.ts";
import type { ObservedPeer } from "../../src/wireguard/index.ts";
import type { MemberPair } from "./load.ts";
import type { Member } from "./world.ts";

/** A session of a pair, as long as it is the last one. */
interface Session {
  readonly relay: Member;
  readonly at: number;
}

export interface Pair {
  readonly ends: MemberPair;
  readonly isBusy: boolean;
  session: Session | undefined;
  changes: number;
  backAt: number | undefined;
}

export interface Entry extends ObservedPeer {
  endpoint: Endpoint;
  handshakeAt: number;
  receivedBytes: number;
  sentBytes: number;
}

export interface Node {
  readonly member: Member;
  readonly specs: PeerSpec[];
  readonly pairs: Map<string, Pair>;
  readonly entries: Map<string, Entry>;
  /** The last dial of each peer: what comes of an earlier one is void. */
  readonly dials: Map<string, number>;
  memory: Peers;
  countedAt: number;
  dueAt: number;
  standIns: StandIns;
}

export const otherEnd = ({ ends: [one, other] }: Pair, end: Member): Member => (end === one ? other : one);
