import type { ErrorCode } from "../base/index.ts";
import type { ConnectivityLine, MatrixLine } from "./matrix.ts";
import type { Netcheck } from "./netcheck.ts";
import type { Resources } from "./resource.ts";
import type { Status } from "./status.ts";
import type { Why } from "./why.ts";

/** The daemon's local API: JSON over HTTP on a Unix socket that only root can open. */
export const socketPath = (runDirectory: string): string => `${runDirectory}/kubespan.sock`;

/** The routes of the daemon's API, which docs/api.md describes. */
export interface Routes {
  /** `GET /v1/status` gives the state of the node. */
  readonly status: () => Promise<Status>;
  /** `POST /v1/down` takes the mesh down. The daemon ends after its answer. */
  readonly down: () => Promise<Down>;
  /** `POST /v1/forget/NODE` lets go of a member that is gone for good. */
  readonly forget: (node: string) => Promise<Forgotten>;
  /** `POST /v1/evict/STATEMENT` keeps a node out of the mesh, or lets it in again, as an operator signed it. */
  readonly evict: (statement: string) => Promise<Evicted>;
  /** `POST /v1/rotate-key` gives this node another WireGuard key. */
  readonly rotateKey: () => Promise<KeyRotated>;
  /** `POST /v1/next-secret` makes a secret that the cluster may take next, and says by what an operator names it. */
  readonly nextSecret: () => SecretOffer;
  /** `POST /v1/rotate-secret/STATEMENTS/SECONDS` gives the cluster that secret, as an operator signed it. */
  readonly rotateSecret: (statements: string, seconds: number) => Promise<SecretRotated>;
  /** `GET /v1/resources/KIND` and what is below it. */
  readonly resources: Resources;
  /** `GET /v1/why/ADDRESS` tells where a packet for the address goes. */
  readonly why: (address: string) => Promise<Why>;
  /** `GET /v1/netcheck` tells what the network lets this node do. */
  readonly netcheck: () => Promise<Netcheck>;
  /** `GET /v1/matrix` asks all members whom they reach. */
  readonly matrix: () => AsyncIterable<MatrixLine>;
  /** `GET /v1/connectivity` measures the paths to all peers. */
  readonly connectivity: () => AsyncIterable<ConnectivityLine>;
  /** `GET /v1/log-level` gives the level of the log, and `PUT /v1/log-level/LEVEL` sets it. */
  readonly logLevel: (level: string | undefined) => LogLevelReport;
}

export interface LogLevelReport {
  readonly level: string;
  /** The level before it was set. */
  readonly before?: string;
}

export interface Forgotten {
  /** The member; absent where a network was let go whose owner is not known. */
  readonly nodeId?: string;
  /** The member's name in messages, or the network. */
  readonly label: string;
  /** The number of connected members that were asked to forget it too. */
  readonly asked: number;
  /** The number of those members that acknowledged the request. */
  readonly heard: number;
  /** The reasons why some discovery services still tell others of it, until its record expires; earlier daemons tell none. */
  readonly problems?: readonly string[];
}

export interface Evicted {
  /** The node's name in messages: that of a member, or else its id or key. */
  readonly label: string;
  /** The number of connected members that were told. */
  readonly asked: number;
  /** The number of those members that obey, and said so. */
  readonly heard: number;
  /** The members that do not, as far as is known, with the reasons. */
  readonly missed: readonly { readonly label: string; readonly reason: string }[];
}

export interface KeyRotated {
  /** The public key of this node from now on. */
  readonly publicKey: string;
  /** The number of connected members that were told through their tunnels. */
  readonly asked: number;
  /** The number of those members that reach this node by the new key, and said so. */
  readonly heard: number;
  /** The members that hear of it by way of the registries, with the reasons. */
  readonly missed: readonly { readonly label: string; readonly reason: string }[];
}

/** A secret that the cluster may take next, which stays in the daemon. */
export interface SecretOffer {
  readonly number: number;
  /** The digest of the secret, and that of the one that it replaces, in base64. */
  readonly digest: string;
  readonly replaces: string;
}

export interface SecretRotated {
  /** The number of members that are to get the new secret. */
  readonly asked: number;
  /** The number of those members that accept it by now. */
  readonly heard: number;
  /** The members that do not, as far as is known, with the reasons. */
  readonly missed: readonly { readonly label: string; readonly reason: string }[];
}

/** The body of the answer, with status 500, when a route failed. */
export interface Failure {
  readonly error: string;
  readonly code?: ErrorCode;
  readonly hint?: string;
}

export interface Down {
  /** The steps that were done, in order. */
  readonly steps: readonly string[];
  /** The things that could not be done and that do not matter to this node. */
  readonly warnings: readonly string[];
}
