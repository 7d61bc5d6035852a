import type { ErrorCode } from "../base/index.ts";
import type { Status } from "./status.ts";

/** The daemon's local API: JSON over HTTP on a Unix socket that only root can open. */
export const socketPath = (runDirectory: string): string => `${runDirectory}/kubespan.sock`;

/** The routes of the daemon's API. Each is used by one command. */
export interface Routes {
  /** `GET /status` gives the state of the node. */
  readonly status: () => Promise<Status>;
  /** `POST /down` takes the mesh down. The daemon ends after its answer. */
  readonly down: () => Promise<Down>;
  /** `POST /forget/NODE` lets go of a member that is gone for good. */
  readonly forget: (node: string) => Promise<Forgotten>;
}

export interface Forgotten {
  /** The member's name in messages. */
  readonly label: string;
  /** The number of connected members that were asked to forget it too. */
  readonly asked: number;
  /** The number of those members that acknowledged the request. */
  readonly heard: number;
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
