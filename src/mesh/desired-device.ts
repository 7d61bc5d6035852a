import type { Secret } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { Polled } from "../peers/index.ts";
import type { DesiredPeer, Implementation, PeersOfDevice } from "../wireguard/index.ts";

/** This node's private key, and the implementation of WireGuard that uses it. */
export interface Keys {
  readonly privateKey: Secret;
  readonly implementation: Implementation;
  /** The public keys that members are about to take; absent for none. */
  readonly next?: readonly string[];
  /** The preshared keys by public key, of peers that have another one than the cluster secret; absent for none. */
  readonly presharedKeys?: ReadonlyMap<string, Secret>;
  /** The public keys of members with which no tunnel can be made, as they know none of the secrets; absent for none. */
  readonly strangers?: ReadonlySet<string>;
}

/** The device that is wanted, with the peers of the last poll. */
export const deviceOf = (config: Config, keys: Keys, polled: Polled): PeersOfDevice => ({
  interfaceName: config.interfaceName,
  implementation: keys.implementation,
  privateKey: keys.privateKey,
  presharedKey: config.cluster.secret,
  listenPort: config.listenPort,
  firewallMark: config.marks.fromWireGuard,
  peers: peersOf(keys, polled),
});

function peersOf(keys: Keys, polled: Polled): readonly DesiredPeer[] {
  const { next, presharedKeys, strangers } = keys;
  if (!next?.length && !presharedKeys?.size && !strangers?.size) return polled.peers;
  return [...polled.peers, ...nextPeers(keys, polled)].flatMap((peer) => {
    if (strangers?.has(peer.publicKey)) return [];
    const presharedKey = presharedKeys?.get(peer.publicKey);
    return [presharedKey ? { ...peer, presharedKey } : peer];
  });
}

/** A peer for each key that is about to be taken: without a network, so that the present one goes on until then. */
function nextPeers({ next = [] }: Keys, { peers }: Polled): DesiredPeer[] {
  const present = new Set(next.length === 0 ? [] : peers.map(({ publicKey }) => publicKey));
  return next
    .filter((publicKey) => !present.has(publicKey))
    .map((publicKey) => ({
      publicKey,
      label: `the next key ${publicKey}`,
      allowedIPs: [],
      action: { kind: "wait" },
    }));
}
