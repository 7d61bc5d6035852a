import type { Endpoint } from "../net/index.ts";
import type { Hold } from "../port/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import type { Path } from "./path.ts";

/**
 * Where packets go while peers are led from one endpoint to another, or back. Two peers' packets to one endpoint cannot be
 * told apart: where another peer is reached, or is led to or from, nothing is held.
 */
export function holdsOf(
  paths: ReadonlyMap<string, Path>,
  device: ObservedDevice | undefined,
): readonly Hold[] {
  const led: Led[] = [];
  for (const [publicKey, path] of paths) {
    const hold = holdOf(path);
    if (hold) led.push({ publicKey, hold });
  }
  return led.flatMap(({ publicKey, hold }) => {
    const others = othersEndpoints(publicKey, led, device);
    const instead = hold.instead.filter((endpoint) => !others.has(endpoint));
    return instead.length === 0 ? [] : [{ ...hold, instead }];
  });
}

interface Led {
  readonly publicKey: string;
  readonly hold: Hold;
}

function othersEndpoints(
  publicKey: string,
  led: readonly Led[],
  device: ObservedDevice | undefined,
): ReadonlySet<Endpoint> {
  const others = new Set<Endpoint>();
  for (const peer of device?.peers.values() ?? [])
    if (peer.publicKey !== publicKey && peer.endpoint !== undefined) others.add(peer.endpoint);
  for (const each of led)
    if (each.publicKey !== publicKey)
      for (const endpoint of [each.hold.to, ...each.hold.instead]) others.add(endpoint);
  return others;
}

function holdOf({ endpoint, search }: Path): Hold | undefined {
  if (search?.stage !== "settling" && search?.stage !== "returning") return undefined;
  const { from, asked } = search;
  const to = search.stage === "settling" ? endpoint : from;
  return { to, instead: [...new Set([from, ...asked])].filter((each) => each !== to) };
}
