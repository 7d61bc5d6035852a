import type { Endpoint } from "../net/index.ts";
import type { Pin } from "../port/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import type { Connection, Move } from "./connection.ts";

/**
 * Tells where packets go while peers are moved from one endpoint to another, or back. Two peers' packets to one endpoint cannot
 * be told apart: where another peer is reached, or is moved to or from, nothing is pinned.
 */
export function pinsOf(
  connections: ReadonlyMap<string, Connection>,
  device: ObservedDevice | undefined,
): readonly Pin[] {
  const pinned: Pinned[] = [];
  for (const [publicKey, connection] of connections) {
    const { phase } = connection;
    if (phase === "settling" || phase === "returning")
      pinned.push({ publicKey, pin: pinOf(connection.move) });
  }
  return pinned.flatMap(({ publicKey, pin }) => {
    const others = othersEndpoints(publicKey, pinned, device);
    const instead = pin.instead.filter((endpoint) => !others.has(endpoint));
    return instead.length === 0 ? [] : [{ ...pin, instead }];
  });
}

interface Pinned {
  readonly publicKey: string;
  readonly pin: Pin;
}

function othersEndpoints(
  publicKey: string,
  pinned: readonly Pinned[],
  device: ObservedDevice | undefined,
): ReadonlySet<Endpoint> {
  const others = new Set<Endpoint>();
  for (const peer of device?.peers.values() ?? [])
    if (peer.publicKey !== publicKey && peer.endpoint !== undefined) others.add(peer.endpoint);
  for (const each of pinned)
    if (each.publicKey !== publicKey)
      for (const endpoint of [each.pin.to, ...each.pin.instead]) others.add(endpoint);
  return others;
}

const pinOf = ({ from, to, promising }: Move): Pin => ({
  to,
  instead: [...new Set([from, ...promising])].filter((endpoint) => endpoint !== to),
});
