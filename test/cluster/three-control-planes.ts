import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ControlPlane, forget, killAll, NodePrograms, type Replica } from "../../lab/cluster/index.ts";
import {
  Capture,
  configFile,
  kubespan,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  waitFor,
} from "../../lab/index.ts";
import { clusterPrograms, type Programs } from "../../lab/programs/index.ts";

const rbac = join(import.meta.dirname, "../../deploy/kubernetes/rbac.yaml");
const access = "/run/kubespan-access";
const replicas: readonly Replica[] = [10, 11, 12].map((last, at) => ({
  name: `n${at + 1}`,
  address: `203.0.113.${last}`,
}));

interface Machine {
  readonly node: LabNode;
  readonly plane: ControlPlane;
  readonly programs: NodePrograms;
}

/** What etcd, kubelets and containers say to others, which is TCP. API servers are asked outside while they are no members. */
const filter = "tcp and not port 6443";

/**
 * A cluster of three control planes, which is its mesh's only registry: each daemon asks the API server beside it. That one answers
 * only where etcd does, and etcd only where the nodes reach each other.
 *
 *   n1 203.0.113.10    n2 203.0.113.11    n3 203.0.113.12
 *   ===+==================+==================+=== internet
 */
export function threeControlPlanes(): void {
  let lab: Lab;
  let internet: Network;
  let programs: Programs;
  const machines: Machine[] = [];
  const identity = newCluster();

  beforeAll(async () => {
    lab = await Lab.open();
    internet = await lab.network("internet");
    programs = await clusterPrograms();
    for (const { name, address } of replicas) {
      const node = await lab.machine(name);
      await node.attach(internet, `${address}/24`);
      await node.defaultRoute("203.0.113.9");
      const plane = new ControlPlane(node, programs, replicas, { first: machines[0]?.plane });
      machines.push({ node, plane, programs: new NodePrograms(node, programs) });
    }
  });
  afterAll(() => lab?.close());

  const all = (work: (machine: Machine) => Promise<unknown>): Promise<unknown> =>
    Promise.all(machines.map(work));

  async function startMesh({ node, plane }: Machine): Promise<void> {
    await node.namespace.write(`${access}/kubeconfig`, plane.kubeconfig({ tokenFile: "token" }));
    const role = { name: node.name, machineType: "controlplane", apiServerPort: 6443 };
    const kubernetes = { enabled: true, kubeconfig: `${access}/kubeconfig` };
    await node.start({ cluster: identity, services: [], daemon: { node: role, kubernetes } });
  }

  /** Waits until every node has its peers, and every API server answers at its own address and by the Service. */
  async function isWhole(): Promise<void> {
    await all(({ node }) =>
      node.daemon.waitForPeers(...replicas.map(({ name }) => name).filter((name) => name !== node.name)),
    );
    const asked = ["10.96.0.1:443", ...replicas.map(({ address }) => `${address}:6443`)];
    for (const { node } of machines)
      for (const at of asked)
        await waitFor(() => answers(node, at), { what: `the API server at ${at} from ${node.name}` });
  }

  const answers = async (from: LabNode, at: string): Promise<boolean> =>
    (await from.namespace.attempt(programs.probe, "tls", "w-0000000000000", at)).exitCode === 0;

  /** The packets of etcd, kubelets and everything else among the nodes that are in clear while `act` runs; API servers are asked so. */
  async function clearDuring(act: () => Promise<unknown>): Promise<string[]> {
    const capture = await Capture.on(lab.wires, internet.name, { filter, snapLength: 128 });
    await act();
    await capture.stop();
    return capture.lines("ip");
  }

  it("comes up from nothing, and etcd goes on inside the mesh", async () => {
    const [first, ...others] = machines;
    if (!first) throw new Error("there is no machine");
    await Promise.all([first.plane.start(), ...others.map(({ plane }) => plane.startStore())]);
    for (const { plane } of others) await plane.join(first.plane);
    await first.plane.apply(await readFile(rbac, "utf8"));
    const token = await first.plane.kubectl("--namespace=kube-system", "create", "token", "kubespan");
    await all(({ node }) => node.namespace.write(`${access}/token`, token.trim()));
    await all((machine) =>
      Promise.all([machine.programs.start(machine.plane, { proxy: "nftables" }), startMesh(machine)]),
    );
    await isWhole();
    const clear = await clearDuring(async () => {
      await first.plane.kubectl("create", "configmap", "written");
      for (const { plane } of others) await plane.kubectl("get", "configmap", "written");
    });
    expect(clear).toEqual([]);
  });

  it("comes up after a power cut of all, and nothing of etcd is in clear meanwhile", async () => {
    const services = machines.flatMap(({ node, plane, programs: each }) => [
      ...Object.values(plane.services),
      ...Object.values(each.services),
      node.daemon,
    ]);
    const ends = services.map((service) => service.ended());
    for (const { node } of machines) killAll(node.namespace);
    await Promise.all(ends);
    await all(({ node }) => forget(node));
    // Before the network is up. The kernel goes on with connections of processes that were killed, which a power cut would end.
    await all(({ node }) => node.namespace.attempt(kubespan, "barrier", "load", "--config", configFile));
    const clear = await clearDuring(async () => {
      await all(async ({ node, plane, programs: each }) => {
        await node.daemon.start();
        for (const service of Object.values(each.services)) await service.start();
        await plane.startAgain();
      });
      await isWhole();
    });
    expect(clear).toEqual([]);
    for (const { plane } of machines) await plane.kubectl("get", "configmap", "written");
  });
}
