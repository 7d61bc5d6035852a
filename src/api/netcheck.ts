import type { Address, Endpoint } from "../net/index.ts";
import type { PortMappingReport } from "../port-mapping/index.ts";
import type { RelayReport } from "../relay/index.ts";
import type { NatKind } from "../self/index.ts";
import type { ObserverReport, PeerReport } from "./status.ts";

/** What the network lets this node do. */
export interface Netcheck {
  readonly listenPort: number;
  readonly ipv4: FamilyCheck;
  readonly ipv6: FamilyCheck;
  /** All that see this node from outside, and those that were asked and do not answer. */
  readonly observers: readonly ObserverReport[];
  /** The port that the router leads here, with the protocol that it speaks; or why there is none. */
  readonly portMapping: PortMappingReport;
  readonly registries: readonly RegistryReached[];
  /** What this node passes on for others, and why not if it does not. */
  readonly relay: RelayReport;
  /** The members that pass packets on for pairs that no direct path joins. */
  readonly relays: readonly RelayCheck[];
}

/** What passes in one family of addresses. */
export interface FamilyCheck {
  /** The addresses under which others can reach this node. */
  readonly addresses: readonly Address[];
  /**
   * Whether UDP packets come back:
   * - `works`: a server answers, or a peer is up that is reached so
   * - `blocked`: somebody was asked, and nobody answers
   * - `unknown`: nobody can be asked
   */
  readonly udp: "works" | "blocked" | "unknown";
  /** The kind of the NAT before this node; absent where nobody sees this node. */
  readonly nat?: NatKind;
  /** The endpoints at which others see WireGuard's port. */
  readonly seenAt: readonly Endpoint[];
}

/** A registry, and the time that a TCP connection to it takes. */
export interface RegistryReached {
  readonly name: string;
  readonly location: string;
  readonly phase: string;
  readonly address?: Address;
  readonly connectMs?: number;
  /** Why no time was measured. */
  readonly problem?: string;
}

interface RelayCheck {
  readonly label: string;
  readonly state: PeerReport["state"];
  /** The round trip to it, as it was last measured. */
  readonly roundTripMs?: number;
}
