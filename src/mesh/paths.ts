import type { PeerReport } from "../api/index.ts";
import { isKubespanULA, networkOf } from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";
import type { ObservedRouting, PathRoute } from "../routing/index.ts";
import type { Decision } from "./decide.ts";

/**
 * The networks of peers to which only packets below the link's MTU pass. Of a peer whose path was not measured since the
 * daemon started, the routes stay that are there. KubeSpan addresses are not among them, as the link's own network leads
 * there: that is how the whole MTU is tried again.
 */
export function pathsFor(
  { specs, pathMtus }: Pick<Decision, "specs" | "pathMtus">,
  { ipv4Routing, ipv6Routing }: Pick<ObservedRouting, "ipv4Routing" | "ipv6Routing">,
  linkMtu: number,
): PathRoute[] {
  if (!pathMtus) return [];
  const found = [...(ipv4Routing.pathRoutes ?? []), ...(ipv6Routing.pathRoutes ?? [])];
  const before = new Map(found.map(({ network, mtu }) => [network, mtu]));
  if (before.size === 0 && [...pathMtus.values()].every(({ mtu = linkMtu }) => mtu >= linkMtu)) return [];
  return specs.peers.flatMap(({ publicKey, allowedIPs }) => {
    const known = pathMtus.get(publicKey);
    return allowedIPs.flatMap((network) => {
      const mtu = known ? known.mtu : before.get(network);
      const isSmaller = mtu !== undefined && mtu < linkMtu;
      return isSmaller && !isKubespanULA(networkOf(network)) ? [{ network, mtu }] : [];
    });
  });
}

/** What a status says of the packets that pass to a peer. */
export function pathMtuOf(
  { pathMtus }: Pick<Decision, "pathMtus">,
  { publicKey }: Pick<PeerSpec, "publicKey">,
  linkMtu: number,
  now: number,
): Pick<PeerReport, "pathMtu"> {
  const known = pathMtus?.get(publicKey);
  if (!known) return {};
  const { mtu, since, why } = known;
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  return {
    pathMtu: { ...(mtu !== undefined && { mtu }), isSmaller: (mtu ?? 0) < linkMtu, seconds, why },
  };
}
