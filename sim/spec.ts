import type { Address, Endpoint } from "../src/net/index.ts";
import { type PeerSpec, withFewPorts } from "../src/peers/index.ts";
import type { Device } from "./device.ts";

interface Specs {
  readonly near: PeerSpec;
  readonly far: PeerSpec;
}

/** Hundreds of nodes are told of the same announcement: they share what they make of it. */
const known = new WeakMap<readonly Endpoint[], Specs>();

/** What a node at a site makes of a peer's announcement. */
export function specOf(site: number, peer: Device, announced: readonly Endpoint[]): PeerSpec {
  const specs = known.get(announced) ?? specsOf(peer, announced);
  known.set(announced, specs);
  return site === peer.host.site ? specs.near : specs.far;
}

/** Candidates in the daemon's order: on its own network, then public addresses, then others' private ones. */
function specsOf({ host, publicKey }: Device, all: readonly Endpoint[]): Specs {
  const announced = withFewPorts(all);
  const isInside = (endpoint: Endpoint): boolean => host.nat !== "none" && endpoint === host.inside;
  const inside = announced.filter(isInside);
  const others = announced.filter((endpoint) => !isInside(endpoint));
  const common = {
    nodeId: publicKey,
    label: `node-${host.index}`,
    publicKey,
    address: "fd00::1" as Address, // of no matter for connecting
    allowedIPs: [],
    refusedPrefixes: [],
    candidateReasons: [],
    refusedCandidates: [],
  };
  return {
    near: { ...common, candidates: [...inside, ...others], candidateTiers: inside.map(() => 1) },
    far: { ...common, candidates: [...others, ...inside], candidateTiers: [] },
  };
}
