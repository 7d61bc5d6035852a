import type { EndpointChangeReport, PeerReport } from "../api/index.ts";
import type { Endpoint } from "../net/index.ts";
import { type EndpointChange, type Path, type PeerSpec, type WithStandIns, wayTo } from "../peers/index.ts";

/**
 * The way to a peer, since when it is reached at this endpoint, and why there. Whether a router leads packets there is what
 * the peer says, so that is told, and nothing rests on it.
 */
export function reportWay(
  known: WithStandIns & Pick<PeerSpec, "mapped">,
  endpoint: Endpoint,
  path: Path | undefined,
  now: number,
): NonNullable<PeerReport["way"]> {
  const found = wayTo(known, endpoint);
  const isMapped = found.kind === "direct" && endpoint === known.mapped;
  const way = isMapped ? { kind: "mapped" as const } : found;
  if (path?.endpoint !== endpoint) return way;
  const { since, lastChange } = path;
  const why =
    lastChange?.to === endpoint
      ? lastChange.reason
      : "via" in way
        ? "no direct path answered"
        : "it answered there first";
  return { ...way, seconds: Math.max(0, Math.round((now - since) / 1000)), why };
}

/** The last change of the endpoint of a peer, and how long ago it was. */
export const reportChange = ({ at, ...change }: EndpointChange, now: number): EndpointChangeReport => ({
  ...change,
  ageSeconds: Math.max(0, Math.round((now - at) / 1000)),
});
