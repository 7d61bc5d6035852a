import { setTimeout as delay } from "node:timers/promises";
import { fetchStatus } from "../src/api/effects/index.ts";
import type { Status } from "../src/api/index.ts";
import type { Internet, Member } from "./internet.ts";
import type { MeshView } from "./view.ts";

const caFile = "/run/discovery-ca.pem";

/** Starts the discovery service and a daemon on each node. Gives the time before the last daemon started. */
export async function startMesh({ members, cluster, discovery, certificate }: Internet): Promise<number> {
  await discovery.start();
  let start = performance.now();
  for (const { node, podNetwork, listenPort } of members) {
    await node.namespace.write(caFile, certificate);
    start = performance.now();
    await node.start({
      cluster,
      services: [discovery.url],
      mesh: { harvestExtraEndpoints: true },
      daemon: { listenPort, advertisedPrefixes: [podNetwork], serviceCAFiles: { "service-0": caFile } },
    });
  }
  return start;
}

/** Asks the daemon's socket, like `kubespan status`; `undefined` while the daemon does not answer. */
export const statusOf = ({ node }: Member): Promise<Status | undefined> =>
  fetchStatus(node.namespace.path("/run/kubespan")).catch(() => undefined);

const pollMs = 100;

/**
 * Shows the mesh until every pair is up in both directions. Gives the seconds that this took, or `undefined` if it took
 * too long.
 */
export async function watchMesh(
  members: readonly Member[],
  start: number,
  view: MeshView,
  limitSeconds: number,
): Promise<number | undefined> {
  for (;;) {
    const statuses = await Promise.all(members.map(statusOf));
    const seconds = (performance.now() - start) / 1000;
    const isUp = members.map((from, index) =>
      members.map((to) => from !== to && stateOf(statuses[index], to) === "up"),
    );
    view.show(
      members.map((from, index) =>
        members.map((to) => (from === to ? "" : (stateOf(statuses[index], to) ?? "-"))),
      ),
      seconds,
    );
    if (isUp.flat().filter(Boolean).length === members.length * (members.length - 1)) return seconds;
    if (seconds > limitSeconds) return undefined;
    await delay(pollMs);
  }
}

/** The state of a peer in one word. A peer that is not up and never was is being connected for the first time. */
export function stateOf(
  status: Pick<Status, "peers"> | undefined,
  { node }: { readonly node: { readonly name: string } },
): string | undefined {
  const peer = status?.peers.find(({ label }) => label === node.name);
  return peer && peer.state !== "up" && peer.handshakeAgeSeconds === undefined ? "connecting" : peer?.state;
}
