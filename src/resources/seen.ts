import type { Status } from "../api/index.ts";
import type { Step } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import type { Eviction } from "../eviction/index.ts";
import type { Members } from "../members/index.ts";
import type { Decision, Kernel } from "../mesh/index.ts";
import type { Self } from "../self/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";

/** Everything that the daemon has seen and decided by the end of a pass, from which resources are drawn. */
export interface Seen {
  readonly status: Status;
  readonly config: Config;
  readonly self: Self;
  readonly members: Members;
  /** The evictions that are known, also the lifted ones. */
  readonly evictions: readonly Eviction[];
  /** The affiliates as each registry tells them. */
  readonly raw: readonly { readonly registry: string; readonly affiliates: readonly Affiliate[] }[];
  /** The decision of the last pass and what it rests on; absent before the first complete pass. */
  readonly pass?: {
    readonly decision: Decision;
    readonly kernel: Kernel;
    readonly device: ObservedDevice | undefined;
  };
  /** The last plan that had something to do. */
  readonly planned: Planned | undefined;
  readonly events: readonly Event[];
}

export interface Planned {
  /** The time of the plan in milliseconds since 1970. */
  readonly at: number;
  readonly steps: readonly Step[];
}

/** Something that was logged. */
export interface Event {
  /** The number of the event since the daemon started. */
  readonly number: number;
  /** The time in ISO 8601. */
  readonly at: string;
  readonly level: string;
  readonly text: string;
}
