import type { Address, Endpoint } from "../src/net/index.ts";
import type { PeerSpec } from "../src/peers/index.ts";
import type { Device } from "./device.ts";
import type { Host } from "./internet.ts";

/** A peer with its candidates in the daemon's order: its own network, then public addresses, then others' private ones. */
export function specOf(own: Host, { host, publicKey }: Device, announced: readonly Endpoint[]): PeerSpec {
  const isInside = (endpoint: Endpoint): boolean => host.nat !== "none" && endpoint === host.inside;
  const inside = announced.filter(isInside);
  const isNear = own.site === host.site;
  const others = announced.filter((endpoint) => !isInside(endpoint));
  return {
    nodeId: publicKey,
    label: `node-${host.index}`,
    publicKey,
    address: "fd00::1" as Address, // of no matter for connecting
    allowedIPs: [],
    refusedPrefixes: [],
    candidates: isNear ? [...inside, ...others] : [...others, ...inside],
    candidateReasons: [],
    candidateTiers: isNear ? inside.map(() => 1) : [],
    refusedCandidates: [],
  };
}
