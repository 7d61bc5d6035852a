import type { Affiliate } from "../../src/discovery/index.ts";

/** What the service is to hold from now on, and what no longer (by node id). */
export interface Order {
  readonly tell: readonly Affiliate[];
  readonly forget: readonly string[];
}
