import type { Address } from "../net/index.ts";

/** A default route in our table. */
export interface ObservedRoute {
  /** The link of the route; `undefined` where a route names no single link (blackhole, several next hops). */
  readonly interfaceName: string | undefined;
  /** The MTU in bytes; `undefined` where the route sets none. */
  readonly mtu: number | undefined;
  /** The preferred source; `undefined` where the route sets none. */
  readonly source: Address | undefined;
  readonly metric: number;
  /** The type of the route: `unicast`, `unreachable`, `blackhole`... */
  readonly type: string;
  /** Whether the route has neither a gateway nor another type than unicast. */
  readonly plain: boolean;
  /** The route as the tool printed it, for an error message. */
  readonly text: string;
}
