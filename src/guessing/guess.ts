import type { Address, Endpoint } from "../net/index.ts";
import type { Budget } from "../peers/index.ts";

/** A peer that is reached by way of a relay. Peers and relays are named by their public keys. */
export interface RelayedPair {
  readonly publicKey: string;
  readonly nodeId: string;
  readonly relay: string;
  /** The endpoints of the peer at which it may be dialled, without those that stand in. */
  readonly candidates: readonly Endpoint[];
  /** The times since which the peer is reached there, and at which its session began, in milliseconds since 1970. */
  readonly since: number;
  readonly sessionAt: number | undefined;
}

/** What all phases of a guess share. `at` is the time at which the phase began. */
interface Begun {
  readonly peer: string;
  readonly at: number;
}

/** The relay was asked to introduce the two to each other. */
interface Asked extends Begun {
  readonly phase: "asked";
  readonly relay: string;
}

/** The relay said where it sees the peer. This node's NAT has another port for each destination: the peer has to begin. */
interface Introduced extends Begun {
  readonly phase: "introduced";
  readonly theirs: Endpoint;
}

/** This node's NAT keeps its port, and the peer is to open mappings to it. */
interface Invited extends Begun {
  readonly phase: "invited";
  readonly theirs: Endpoint;
  readonly token: string;
}

/** The peer has opened mappings: this node sends to one port after the other. */
interface Sending extends Begun {
  readonly phase: "sending";
  readonly address: Address;
  readonly token: string;
  readonly ports: readonly number[];
  readonly sent: number;
}

/** This node holds sockets whose packets have opened mappings to the peer. */
interface Opening extends Begun {
  readonly phase: "opening";
  readonly to: Endpoint;
  readonly token: string;
}

/** A packet got through. `port` is this node's own, where the mapping is its own. */
interface Through extends Begun {
  readonly phase: "through";
  readonly endpoint: Endpoint;
  readonly port?: number;
}

/** The one guess that is under way. */
export type Guess = Asked | Introduced | Invited | Sending | Opening | Through;

/** A path that was guessed and is in use. */
export interface Found {
  readonly endpoint: Endpoint;
  /** This node's own port behind the mapping, from which packets leave in place of WireGuard's. */
  readonly port?: number;
  /** The time at which the peer was last reached there. */
  readonly seenAt: number;
}

/** The time before which a peer is left alone, and how often in a row nothing came of it. */
interface Rest {
  readonly until: number;
  readonly inVain: number;
}

/** All that is remembered of guesses. */
export interface Guesses {
  readonly pairs: ReadonlyMap<string, RelayedPair>;
  readonly guess: Guess | undefined;
  readonly found: ReadonlyMap<string, Found>;
  readonly rests: ReadonlyMap<string, Rest>;
  /** The times before which nothing is sent to an address. */
  readonly addresses: ReadonlyMap<Address, number>;
  readonly budget: Budget | undefined;
  /** The last invitation of a peer: it may arrive before the introduction. */
  readonly invitation?: Invitation;
}

interface Invitation {
  readonly peer: string;
  readonly endpoint: Endpoint;
  readonly token: string;
  readonly at: number;
}

export const noGuesses: Guesses = {
  pairs: new Map(),
  guess: undefined,
  found: new Map(),
  rests: new Map(),
  addresses: new Map(),
  budget: undefined,
};

/** The endpoints of guessed paths by peer: those in use, and the one to which a peer is about to move. */
export const guessPaths = ({ found, guess }: Guesses): ReadonlyMap<string, Endpoint> =>
  new Map([
    ...[...found].map(([peer, { endpoint }]) => [peer, endpoint] as const),
    ...(guess?.phase === "through" ? [[guess.peer, guess.endpoint] as const] : []),
  ]);

/** What happens to guesses. */
export type GuessEvent =
  /** The peers were polled: which are relayed, and at which endpoint those are reached that are up. */
  | {
      readonly kind: "polled";
      readonly pairs: ReadonlyMap<string, RelayedPair>;
      readonly reached: ReadonlyMap<string, Endpoint>;
    }
  /** A relay says where it sees the peer. `keepsPort`: others see this node at the endpoint at which the relay does. */
  | {
      readonly kind: "introduced";
      readonly by: string;
      readonly peer: string;
      readonly theirs: Endpoint;
      readonly mine: Endpoint;
      readonly keepsPort: boolean;
    }
  /** The peer asks this node to open mappings to its endpoint. */
  | { readonly kind: "invited"; readonly peer: string; readonly endpoint: Endpoint; readonly token: string }
  /** The sockets of this node have sent; `ports` are those at which a server saw the first and the last of them. */
  | { readonly kind: "opened"; readonly ports: readonly number[] }
  /** The peer has opened its mappings. */
  | {
      readonly kind: "awaited";
      readonly peer: string;
      readonly token: string;
      readonly ports: readonly number[];
    }
  /** A packet with the token arrived at this port of this node. */
  | { readonly kind: "hit"; readonly port: number }
  /** A packet with the token was answered from that endpoint. */
  | { readonly kind: "answered"; readonly from: Endpoint; readonly token: string }
  | { readonly kind: "tick" };

/** What is to be done about them. Members are named by their public keys. */
export type GuessAction =
  | { readonly kind: "ask"; readonly relay: string; readonly about: string }
  | { readonly kind: "invite"; readonly peer: string; readonly endpoint: Endpoint; readonly token: string }
  | { readonly kind: "open"; readonly to: Endpoint; readonly token: string }
  | {
      readonly kind: "tell";
      readonly peer: string;
      readonly token: string;
      readonly ports: readonly number[];
    }
  | { readonly kind: "send"; readonly to: readonly Endpoint[]; readonly token: string }
  /** Packets for the peer get through to that endpoint from now on. */
  | { readonly kind: "through"; readonly peer: string; readonly endpoint: Endpoint }
  | { readonly kind: "said"; readonly peer: string; readonly what: "found" | "failed" };
