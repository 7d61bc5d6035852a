import type { Status } from "../api/index.ts";
import type { PassCounts } from "./passes.ts";
import type { Totals } from "./totals.ts";

/** Everything that metrics are made of at one moment. */
export interface Metered {
  readonly status: Status;
  readonly passes: PassCounts;
  readonly totals: Totals;
  readonly process: { readonly residentBytes: number; readonly cpuSeconds: number };
  /** The time of the look at it, in milliseconds since 1970. */
  readonly now: number;
}
