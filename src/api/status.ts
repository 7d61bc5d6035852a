import type { RegistryState } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import type { Address, Endpoint, LeftOut, Prefix } from "../net/index.ts";
import type { Dropped } from "../nftables/index.ts";
import type { CandidateKindName, PeerState } from "../peers/index.ts";
import type { RaceCounts } from "../port/index.ts";
import type { Work } from "./work.ts";

/** What `kubespan status -o json` prints; times are ISO 8601, ages are seconds. */
export interface Status {
  readonly work: Work;
  readonly node: NodeStatus;
  readonly registries: readonly RegistryState[];
  readonly peers: readonly PeerReport[];
  /** Affiliates that are not peers, and why. */
  readonly refusedAffiliates: readonly {
    readonly nodeId: string;
    readonly label: string;
    readonly reason: string;
  }[];
  /** Others who use what belongs to the mesh, and pod links that take more than fits through it. */
  readonly warnings: readonly Warning[];
  /** How often the daemon, since its start, put back what somebody else had changed in the kernel. */
  readonly repairs: Readonly<Record<"table" | "routing" | "link" | "settings", number>>;
  /** Packets that were kept out of the mesh, or of what is behind it, since the table was made. */
  readonly dropped: Dropped;
  /** Why the last pass of the loop failed; absent when it succeeded. */
  readonly error?: string;
}

export interface NodeStatus {
  readonly nodeId: string;
  readonly hostname: string;
  readonly publicKey: string;
  readonly address: Address;
  readonly enabled: boolean;
  readonly interfaceName: string;
  readonly listenPort: number;
  readonly implementation: "kernel" | "userspace" | "none";
  readonly mtu: number;
  readonly pid: number;
  readonly startedAt: string;
  readonly announcedAddresses: readonly Address[];
  readonly announcedEndpoints: readonly Endpoint[];
  readonly advertisedPrefixes: readonly Prefix[];
  /** Own addresses and endpoints that are not announced, and why. */
  readonly leftOut: readonly LeftOut[];
  readonly racing: RacingReport;
}

/** How peers that are not connected are reached. */
export interface RacingReport {
  readonly mode: "auto" | "race" | "serial";
  readonly works: boolean;
  /** Why it does not work. */
  readonly reason?: string;
  /** Packets and answers since it was opened, by what became of them. */
  readonly counts?: RaceCounts;
}

export interface PeerReport {
  readonly nodeId: string;
  readonly label: string;
  readonly publicKey: string;
  readonly address: Address;
  readonly state: PeerState;
  /** It is up, and something that it should have answered or sent is missing. */
  readonly suspected?: true;
  /** No registry names it: since when, and why. It stays a member. */
  readonly absent?: { readonly seconds: number; readonly why: string };
  /** The endpoint that WireGuard sends to now. */
  readonly endpoint?: Endpoint;
  /** How often that was another one than before, since the daemon started. */
  readonly endpointChanges: number;
  readonly lastEndpointChange?: EndpointChangeReport;
  /** Best first. */
  readonly candidates: readonly CandidateReport[];
  /** By candidate that answered a race, milliseconds. */
  readonly roundTrips: Readonly<Record<Endpoint, number>>;
  /** Endpoints that are never dialled, and why. */
  readonly refusedCandidates: readonly LeftOut[];
  readonly allowedIPs: readonly Prefix[];
  /** Prefixes that the peer asked for and does not get, and why. */
  readonly refusedPrefixes: readonly LeftOut[];
  /** Absent when there never was a handshake. */
  readonly handshakeAgeSeconds?: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

interface CandidateReport {
  readonly endpoint: Endpoint;
  readonly kind: CandidateKindName;
  /** Why it stands where it stands. */
  readonly reason: string;
}

export interface EndpointChangeReport {
  readonly ageSeconds: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly reason: string;
}
