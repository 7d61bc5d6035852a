import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Lab, type LabNode, type Network, newCluster, waitFor } from "../../lab/index.ts";
import type { Affiliate } from "../../src/discovery/index.ts";
import { clusterPrefix } from "../../src/identity/index.ts";
import { type Address, type Endpoint, networkOf } from "../../src/net/index.ts";
import { FakeService } from "../discovery/fake-service.ts";
import { firstHandshake, PlainDevice, plainLink } from "./device.ts";

/** A policy that runs between two nodes of its own. */
export interface Lane {
  readonly name: string;
  /**
   * Gives the milliseconds from the moment when the candidates are known to the first handshake. The last of k + 1
   * candidates answers.
   */
  readonly connect: (dead: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

/**
 * The lab in which lanes are built. Each lane has a network behind a router; the endpoints that answer and those that
 * do not are beyond the router.
 */
export interface Ground {
  readonly lab: Lab;
  readonly outside: Network;
  readonly router: LabNode;
  lanes: number;
}

const port = 51820;
const deadEndpoints = (count: number): Endpoint[] =>
  Array.from({ length: count }, (_, index) => `192.0.2.${101 + index}:${port}` as Endpoint);

async function twoNodes({ lab, outside, router, lanes }: Ground, name: string) {
  const inside = await lab.network(`${name}-in`);
  await router.attach(inside, `10.0.${lanes}.254/24`);
  const [a, b] = [await lab.node(`${name}-a`), await lab.node(`${name}-b`)];
  await a.attach(inside, `10.0.${lanes}.1/24`);
  await a.defaultRoute(`10.0.${lanes}.254`);
  const address = `198.51.100.${10 + lanes}`;
  await b.attach(outside, `${address}/24`);
  await b.defaultRoute("198.51.100.254");
  return { a, b, alive: `${address}:${port}` as Endpoint };
}

/** The daemon, with `race` or `serial` in its configuration; a discovery service announces the peer. */
export async function daemonLane(ground: Ground, mode: "race" | "serial"): Promise<Lane> {
  ground.lanes++;
  const cluster = newCluster();
  const { a, b, alive } = await twoNodes(ground, mode);
  const host = `10.0.${ground.lanes}.1`;
  const service = await FakeService.start(a, host, cluster);
  const network = networkOf(clusterPrefix(cluster.id));
  const address = network.replace("::", "::1") as Address;
  const device = await PlainDevice.start(b, `${address}/64`, cluster.secret);
  const daemon = await a.start({
    cluster,
    services: [`http://${host}:3000/`],
    daemon: { connect: mode },
  });
  const { node: self } = await daemon.waitForStatus("the registry", ({ registries }) =>
    registries.every(({ phase }) => phase === "connected"),
  );
  return {
    name: mode,
    // A new member each time, as the endpoint at which one was reached is remembered. It outlives what a service forgets.
    connect: async (dead) => {
      const nodeId = `node${randomBytes(20).toString("hex")}`;
      await device.renew();
      await device.set({ publicKey: self.publicKey, allowedIPs: `${self.address}/128` });
      const kubespan = { publicKey: device.publicKey, address, endpoints: [...deadEndpoints(dead), alive] };
      const offset = performance.timeOrigin + performance.now() - Number(process.hrtime.bigint()) / 1e6;
      const toldAt = await service.tell({ tell: [affiliate(nodeId, kubespan)] });
      const at = await firstHandshake(a, "kubespan", device.publicKey, 120);
      await service.tell({ forget: [nodeId] });
      const { exitCode, stderr } = await daemon.command("forget", nodeId);
      if (exitCode !== 0) throw new Error(stderr);
      await daemon.waitForPeers();
      return at - (Number(toldAt) / 1e6 + offset);
    },
    close: () => service.stop(),
  };
}

type Kubespan = NonNullable<Affiliate["kubespan"]>;

const affiliate = (
  nodeId: string,
  kubespan: Pick<Kubespan, "publicKey" | "address" | "endpoints">,
): Affiliate => ({
  nodeId,
  addresses: [],
  hostname: "b",
  nodeName: "b",
  machineType: "worker",
  operatingSystem: "Linux",
  kubespan: { ...kubespan, additionalAddresses: [], excludedNetworks: [] },
});

/**
 * The reference's figures in milliseconds: the interval of its checks, and the time that an endpoint gets for its first
 * handshake.
 */
const reference = { tick: 30_000, timeout: 15_000 };

/**
 * The reference's policy: at each tick the next endpoint is set, unless the one before connected. WireGuard repeats its
 * initiation every 5 s, which is not scaled, as long as there is traffic.
 */
export async function referenceLane(ground: Ground, factor: number): Promise<Lane> {
  ground.lanes++;
  const { a, b, alive } = await twoNodes(ground, "wait");
  const secret = randomBytes(32).toString("base64");
  const [here, there] = ["fd00::1", "fd00::2"];
  const own = await PlainDevice.start(a, `${here}/64`, secret);
  const far = await PlainDevice.start(b, `${there}/64`, secret);
  return {
    name: `reference / ${factor}`,
    connect: async (dead) => {
      await own.renew();
      await far.renew();
      await far.set({ publicKey: own.publicKey, allowedIPs: `${here}/128` });
      const ended = new AbortController();
      const knownAt = performance.timeOrigin + performance.now();
      const candidates = [...deadEndpoints(dead), alive];
      const rotation = rotate(own, far.publicKey, `${there}/128`, candidates, factor, ended.signal);
      const traffic = keepSending(a, there, ended.signal);
      const at = await firstHandshake(a, plainLink, far.publicKey, 600);
      ended.abort();
      await Promise.all([rotation, traffic]);
      return at - knownAt;
    },
    close: () => Promise.resolve(),
  };
}

async function rotate(
  device: PlainDevice,
  publicKey: string,
  allowedIPs: string,
  candidates: readonly Endpoint[],
  factor: number,
  signal: AbortSignal,
): Promise<void> {
  // A tick is longer than the timeout, so a peer that is not connected by then is down.
  for (let index = 0; !signal.aborted; index++) {
    const endpoint = candidates[index % candidates.length];
    if (endpoint !== undefined) await device.set({ publicKey, allowedIPs, endpoint, keepalive: 25 });
    await pause(Math.max(reference.tick, reference.timeout) / factor, signal);
  }
}

async function keepSending(from: LabNode, target: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await from.namespace.attempt("ping", "-c", "1", "-W", "1", target);
    await pause(200, signal);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined); // an abort ends the wait, too

/** Waits until a lane's path to the answering endpoint works, and gives its round trip in milliseconds. */
export async function roundTrip({ lab, lanes }: Ground, router: LabNode): Promise<number> {
  if (lanes === 0 || !lab.wires) throw new Error("there is no lane yet");
  const { stdout } = await waitFor(
    () => router.namespace.attempt("ping", "-n", "-c", "5", "-i", "0.1", "198.51.100.11"),
    { what: "an answer" },
  );
  return Number(/= [\d.]+\/([\d.]+)\//.exec(stdout)?.[1]);
}
