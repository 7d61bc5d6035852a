import { noDialRules } from "../src/config/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  hostPrefix,
  type Prefix,
  PrefixIndex,
} from "../src/net/index.ts";
import { type PeerSpec, sortCandidates } from "../src/peers/index.ts";
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

function specsOf({ host, publicKey }: Device, announced: readonly Endpoint[]): Specs {
  const common = {
    nodeId: publicKey,
    label: `node-${host.index}`,
    publicKey,
    address: "fd00::1" as Address, // of no matter for connecting
    allowedIPs: [],
    refusedPrefixes: [],
  };
  const sortedFor = (ownNetworks: readonly Prefix[]) =>
    sortCandidates(announced, {
      nodeId: publicKey,
      ownAddresses: new Set(),
      ownNetworks,
      routed: new PrefixIndex(),
      shared: new Set(),
      dial: noDialRules,
    });
  // Of a site's network only the peer itself matters here. What is behind no NAT is on the internet alone.
  const site = host.nat === "none" ? [] : [hostPrefix(endpointAddress(host.inside))];
  return { near: { ...common, ...sortedFor(site) }, far: { ...common, ...sortedFor([]) } };
}
