import type { ErrorCode } from "../base/index.ts";
import type { Status } from "./status.ts";

/** The daemon's local API: JSON over HTTP on a Unix socket that only root can open. */
export const socketPath = (runDirectory: string): string => `${runDirectory}/kubespan.sock`;

/** What the daemon answers to; each is asked for by one command. */
export interface Routes {
  /** `GET /status` */
  readonly status: () => Promise<Status>;
  /** `POST /down`: everything is taken down, and the daemon ends after the answer. */
  readonly down: () => Promise<Down>;
  /** `POST /forget/NODE`: a member that is gone for good is let go. */
  readonly forget: (node: string) => Promise<Forgotten>;
}

export interface Forgotten {
  /** How messages name the member. */
  readonly label: string;
  /** Members that are connected, and were asked to forget it too. */
  readonly asked: number;
  /** Of these, who heard it. */
  readonly heard: number;
}

/** What is answered, with 500, where a route failed. */
export interface Failure {
  readonly error: string;
  readonly code?: ErrorCode;
  readonly hint?: string;
}

export interface Down {
  /** What was done, in order. */
  readonly steps: readonly string[];
  /** What could not be done and does not matter to this node. */
  readonly warnings: readonly string[];
}
