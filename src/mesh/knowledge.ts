import type { Config } from "../config/index.ts";
import type { RegistryState } from "../discovery/index.ts";
import type {
  Harvest,
  MemberClaim,
  Ownerless,
  Specified,
  Standings,
  Stepped,
  Tellings,
  ToldRefusals,
} from "../members/index.ts";
import type { Address, Endpoint, LeftOut, Prefix } from "../net/index.ts";
import type { PathMtu } from "../path-mtu/index.ts";
import type { Peers, Reached, StandIns } from "../peers/index.ts";
import type { Mapping, Observation } from "../port/index.ts";
import type { LinkNetwork } from "../routing/index.ts";
import type { HostNameAnswer, Nat, Origin, Reflected, Said, Self } from "../self/index.ts";
import type { WaysToRegistries } from "./exits.ts";

/** The facts from which a pass decides, apart from the kernel's state. */
export interface Knowledge {
  readonly self: Self;
  readonly config: Config;
  /** The claims of all members of the mesh, without this node. */
  readonly claims: readonly MemberClaim[];
  /** The networks whose owners are not known; absent for none. */
  readonly ownerless?: Ownerless;
  /** The standings of the members, which decide who owns a network that two of them claim. */
  readonly standings: Standings;
  readonly registries: readonly RegistryState[];
  /** The announcements that were read and not believed; absent for none. */
  readonly refused?: Stepped["refused"];
  /** The ways to the registries. */
  readonly ways: WaysToRegistries;
  /** The addresses under which other nodes can reach this one. */
  readonly addresses: readonly Address[];
  /** The networks in which these addresses are. */
  readonly networks: readonly Prefix[];
  /** The links that lead to these networks; absent for none. */
  readonly linkNetworks?: readonly LinkNetwork[];
  /** The addresses of peers for which other machines on this node's links answer; absent for none. */
  readonly answered?: ReadonlySet<Address>;
  /** Those of the addresses at which this node should not be dialled, with the reasons. */
  readonly undialled?: readonly LeftOut[];
  /** Whether the configuration asks for racing, and this machine can do it at the moment. */
  readonly canRace: boolean;
  /** Whether this node passes packets on between members. */
  readonly relays?: boolean;
  /** The statements of operators that this node carries in its announcement; absent for none. */
  readonly evictions?: readonly string[];
  /** The sockets that stand for peers whose packets a discovery service carries; absent where there are none. */
  readonly carried?: StandIns | undefined;
  /** The endpoints at which peers, named by their public keys, were found by guessing ports; absent for none. */
  readonly guessed?: ReadonlyMap<string, Endpoint>;
  /** What is known of the packets that pass to peers, by public key; absent where nobody looks. */
  readonly pathMtus?: ReadonlyMap<string, PathMtu>;
  /** The answers of each peer, by public key, that do not open with the cluster secret; absent for none. */
  readonly unreadable?: ReadonlyMap<string, number>;
  /** The answers of the STUN servers about WireGuard's port; `undefined` where none can be asked. */
  readonly mapping: Mapping | undefined;
  /** The statements of members about the endpoint at which they see this node; absent for none. */
  readonly observations?: readonly Observation[];
  /** The endpoint that the router mapped to WireGuard's port; absent for none. */
  readonly portMapped?: Endpoint;
  /** The answers about the host names that the configuration gives for this node; absent where none is asked for. */
  readonly hostNames?: readonly HostNameAnswer[];
  readonly origin: Origin;
  /** The highest number under which this node is known to have announced itself, on disk or in a registry. */
  readonly lastNumber: number;
  /** The time at which this node last wrote its ledger, in milliseconds since 1970; 0 if it never did. */
  readonly lastRanAt: number;
}

/** The values that have to be remembered from pass to pass, because neither the kernel nor a registry holds them. */
export interface Memory {
  /** The last specification of the peers. No peer is specified anew as long as nothing new is known. */
  readonly specified: Specified | undefined;
  readonly peers: Peers;
  /**
   * The endpoint at which each peer was last seen connected, by public key. The peer that is unseen for the longest
   * comes first.
   */
  readonly lastWorking: ReadonlyMap<string, Endpoint>;
  /** The private addresses at which peers were ever reached, by public key. */
  readonly reached: Reached;
  /** The addresses of this node at the last pass that read them. */
  readonly addresses: readonly Address[];
  readonly shakenAt: number | undefined;
  readonly reflected: Reflected;
  /** The kinds of NAT before this node, as far as they are known. */
  readonly nat: Nat;
  readonly harvest: Harvest;
  /** The statements of this node to peers about where it sees them. */
  readonly told: Tellings;
  /** The refusals that this node announces. */
  readonly refusals: ToldRefusals;
  /** The last announcement of this node. */
  readonly said: Said | undefined;
}
