import type { Cause } from "../causes/index.ts";
import type { MachineType } from "../config/index.ts";
import type { RegistryState } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import type { Address, Endpoint, LeftOut, Prefix } from "../net/index.ts";
import type { Dropped } from "../nftables/index.ts";
import type { Candidate, PeerState, Way } from "../peers/index.ts";
import type { RaceCounts } from "../port/index.ts";
import type { PortMappingReport } from "../port-mapping/index.ts";
import type { RelayReport } from "../relay/index.ts";
import type { Nat } from "../self/index.ts";
import type { Work } from "./work.ts";

/** The output of `kubespan status -o json`. Times are ISO 8601, ages are seconds. */
export interface Status {
  readonly work: Work;
  readonly node: NodeStatus;
  readonly registries: readonly RegistryState[];
  readonly peers: readonly PeerReport[];
  /** The affiliates that are not peers, each with the reason. */
  readonly refusedAffiliates: readonly {
    readonly nodeId: string;
    readonly label: string;
    readonly reason: string;
  }[];
  /**
   * The warnings about software that uses what belongs to the mesh, and about pod links whose MTU is too large for it.
   */
  readonly warnings: readonly Warning[];
  /** The number of times that the daemon, since its start, restored what another program had changed in the kernel. */
  readonly repairs: Readonly<Record<"table" | "routing" | "link" | "settings", number>>;
  /** The packets that the table dropped since it was made, by the rule that dropped them. */
  readonly dropped: Dropped;
  /**
   * The connections into the mesh that got an address of this node, because no peer accepts their own source: from
   * networks behind this node, or from addresses that it does not announce.
   */
  readonly masqueraded: number;
  /** The reason why the last pass failed; absent when it succeeded. */
  readonly error?: string;
}

export interface NodeStatus {
  readonly nodeId: string;
  readonly hostname: string;
  readonly clusterId: string;
  readonly publicKey: string;
  readonly address: Address;
  readonly enabled: boolean;
  readonly interfaceName: string;
  readonly listenPort: number;
  readonly implementation: "kernel" | "userspace" | "none";
  /** The program that carries the packets, with its version: `Linux 6.12.1`, `wireguard-go 0.0.20230223`; slow
   * where a newer version would be several times as fast. */
  readonly engine?: { readonly name: string; readonly isSlow: boolean };
  readonly mtu: number;
  readonly pid: number;
  readonly startedAt: string;
  /** The addresses that this node announces, besides `address`. */
  readonly announcedAddresses: readonly Address[];
  readonly announcedEndpoints: readonly Endpoint[];
  /** All that see this node from outside, and those that were asked and do not tell. */
  readonly observers: readonly ObserverReport[];
  /** The kind of NAT before this node by family, as far as STUN servers and members show it. */
  readonly nat: Nat;
  /** The port of the router that leads here, or the reason why there is none. */
  readonly portMapping: PortMappingReport;
  readonly advertisedPrefixes: readonly Prefix[];
  /** The node's own addresses and endpoints that are not announced, each with the reason. */
  readonly leftOut: readonly LeftOut[];
  readonly racing: RacingReport;
  /** What this node does for pairs of others that no direct path joins. */
  readonly relay: RelayReport;
  readonly protection: Protection;
}

/** An observer of this node: a STUN server by its host and port, or a member by its name. */
export interface ObserverReport {
  readonly observer: string;
  readonly by: "server" | "member";
  /** The endpoint at which it sees WireGuard's port, and the time since it last said so. */
  readonly endpoint?: Endpoint;
  readonly ageSeconds?: number;
  /** Why it says nothing new; absent where it answers. */
  readonly problem?: string;
}

/** What keeps the mesh's traffic from leaving in clear. */
export interface Protection {
  /** Whether the nft table belongs to the daemon, or others can change it until it is put back. */
  readonly table: "owned" | "shared";
  /** The programs at the links, which hold while the table is gone; `off` where lost peers may be passed by. */
  readonly links: "whole" | "missing" | "off";
}

/** The way in which peers that are not connected are reached. */
export interface RacingReport {
  readonly mode: "auto" | "race" | "serial";
  readonly works: boolean;
  /** The reason why racing does not work; absent when it works. */
  readonly reason?: string;
  /** The packets and answers since the sockets were opened, by their outcome. */
  readonly counts?: RaceCounts;
}

export interface PeerReport {
  readonly nodeId: string;
  readonly label: string;
  readonly publicKey: string;
  readonly address: Address;
  /** What the peer says of its machine. Nothing depends on it. */
  readonly machine?: MachineReport;
  readonly state: PeerState;
  /** The time since which the peer is up, or is not. */
  readonly stateSeconds: number;
  /** What is wrong with a peer that is not up, in words; absent while it is too early to tell. */
  readonly trouble?: string;
  /** Why a peer that is not up probably is not, the most certain cause first; of one that is up, what is wrong with its path. */
  readonly causes?: readonly Cause[];
  /** The time since something was last received of it; absent when nothing was, as far as this daemon knows. */
  readonly heardAgeSeconds?: number;
  /** The handshakes that were sent to a peer that is not up or suspected, and the answers to them. */
  readonly asked: number;
  readonly answered: number;
  /** `true` when the peer is up, but an answer or keepalive that was due is missing. */
  readonly suspected?: true;
  /** Present while no registry names the peer: the time since then, and the reason. The peer stays a member. */
  readonly absent?: { readonly seconds: number; readonly why: string };
  /** The endpoint to which WireGuard sends at the moment. */
  readonly endpoint?: Endpoint;
  /**
   * The way that packets take to it there, since when, and why that one. A direct one is `mapped` where the peer says that
   * a router leads a port to it. Absent without an endpoint. */
  readonly way?: (Way | { readonly kind: "mapped" }) & { readonly seconds?: number; readonly why?: string };
  /** The packets that pass to it and back, in the tunnel; absent where that was not found out. */
  readonly pathMtu?: PathMtuReport;
  /** The number of changes of the endpoint since the daemon started. */
  readonly endpointChanges: number;
  readonly lastEndpointChange?: EndpointChangeReport;
  /** The endpoints that may be dialled, the best one first. */
  readonly candidates: readonly CandidateReport[];
  /** The round trip in milliseconds of each candidate that answered in a race. */
  readonly roundTrips: Readonly<Record<Endpoint, number>>;
  /** The endpoints that are never dialled, each with the reason. */
  readonly refusedCandidates: readonly LeftOut[];
  readonly allowedIPs: readonly Prefix[];
  /** The prefixes that the peer claims and is not granted, each with the reason. */
  readonly refusedPrefixes: readonly LeftOut[];
  /**
   * The time since the last handshake, and the bytes since this daemon knows the peer, however often WireGuard was told
   * of it anew; absent when there never was a handshake.
   */
  readonly handshakeAgeSeconds?: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

interface PathMtuReport {
  /** The largest size in bytes; absent where small ones pass, and none of a useful size. */
  readonly mtu?: number;
  /** Whether it is below the MTU of the link, so that the peer's networks have routes with this MTU. */
  readonly isSmaller: boolean;
  /** The time since it was found, and why it was looked for then. */
  readonly seconds: number;
  readonly why: string;
}

interface MachineReport {
  readonly hostname: string;
  readonly machineType: MachineType;
  readonly operatingSystem: string;
  readonly apiServerPort?: number;
}

interface CandidateReport {
  readonly endpoint: Endpoint;
  readonly kind: Candidate["kind"];
  /** Why it stands where it stands. */
  readonly reason: string;
}

export interface EndpointChangeReport {
  readonly ageSeconds: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly reason: string;
}
