import { type Endpoint, endpointPort } from "../net/index.ts";
import type { Observation } from "../port/index.ts";

/**
 * Whether the NAT before this node keeps its port for all destinations: somebody else sees it at the endpoint at which the
 * relay does, or the relay sees WireGuard's own port. Who does not know takes it that the port is another one for each.
 */
export const keepsPort = (
  mine: Endpoint,
  relay: string,
  observations: readonly Observation[],
  listenPort: number,
): boolean =>
  endpointPort(mine) === listenPort ||
  observations.some(({ observer, endpoint }) => observer !== relay && endpoint === mine);
