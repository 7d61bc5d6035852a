import type { Affiliate } from "../../src/discovery/index.ts";

/** An order to the service: the affiliates to announce, and the node ids to forget. */
export interface Order {
  readonly tell: readonly Affiliate[];
  readonly forget: readonly string[];
}
