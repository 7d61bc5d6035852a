import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  waitFor,
} from "../../lab/index.ts";
import { ApiRelay } from "./api-relay.ts";
import { ApiServer, relayAddress } from "./api-server.ts";

/*
 *   kube-apiserver and etcd on the host's loopback
 *          | (a Unix socket)
 *   hub 203.0.113.9    a 203.0.113.1 + pod    b 203.0.113.2 + pod    c 203.0.113.3
 *          |                |                      |                    |
 *   =======+================+======================+====================+=== internet
 */
let lab: Lab;
let api: ApiServer;
let hub: LabNode;
let relay: ApiRelay;
let discovery: Discovery;
let nodes: LabNode[];
let pods: LabNode[];
const cluster = newCluster();

beforeAll(async () => {
  api = await ApiServer.start();
  lab = await Lab.open();
  const internet = await lab.network("internet");
  hub = await attached("hub", internet, 9);
  relay = await ApiRelay.open(api, hub);
  nodes = [
    await attached("a", internet, 1),
    await attached("b", internet, 2),
    await attached("c", internet, 3),
  ];
  pods = [await first(nodes).pod(1), await second(nodes).pod(2)];
  for (const [index, { name }] of nodes.entries())
    await api.createNode(name, { podCIDRs: [`10.244.${index + 1}.0/24`] });
  discovery = new Discovery(hub, relayAddress);
});

afterAll(async () => {
  await lab?.close();
  await relay?.close();
  await api?.close();
});

async function attached(name: string, network: Network, last: number): Promise<LabNode> {
  const node = await lab.node(name);
  await node.attach(network, `203.0.113.${last}/24`);
  if (last !== 9) await node.defaultRoute(relayAddress);
  return node;
}

const first = <Item>(items: readonly Item[]): Item => items[0] ?? none();
const second = <Item>(items: readonly Item[]): Item => items[1] ?? none();
const none = (): never => {
  throw new Error("there are fewer");
};

const options = (services: readonly string[]): ConfigOptions => ({
  cluster,
  services,
  mesh: { advertiseKubernetesNetworks: true },
  daemon: { kubernetes: relay.configuration },
});

const reach = (from: LabNode, target: string): Promise<boolean> =>
  waitFor(() => from.reaches(target), { what: `an answer from ${target}` });

it("Kubernetes as the only registry: peers meet, and their pods reach each other", async () => {
  const [a, b] = [first(nodes), second(nodes)];
  for (const node of [a, b]) await node.start(options([]));
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  const status = await a.daemon.waitForStatus("b's pod network", ({ peers }) =>
    (peers[0]?.allowedIPs ?? []).some((prefix) => prefix === "10.244.2.0/24"),
  );
  expect(status.registries).toMatchObject([
    { name: "kubernetes", phase: "connected", affiliates: 1, refused: [] },
  ]);
  expect(status.node.advertisedPrefixes).toEqual(["10.244.1.0/24"]);
  expect(status.node.announcedAddresses).toEqual(["203.0.113.1"]); // and not that of the pods' link
  await reach(first(pods), "10.244.2.2");
  expect(await api.annotations("a")).toMatchObject({
    "networking.talos.dev/assigned-prefixes": "10.244.1.0/24",
    "networking.talos.dev/kubespan-endpoints": "203.0.113.1:51820",
    "networking.talos.dev/self-ips": `203.0.113.1,${status.node.address}`,
  });
  const writes = (await api.requests()).filter(({ verb }) => verb === "patch");
  expect(writes).toHaveLength(2); // one for each node
});

it("the API is away: the mesh goes on, and the status says why nothing new comes", async () => {
  const [a, b] = [first(nodes), second(nodes)];
  const stream = await PingStream.start(first(pods), "10.244.2.2");
  await relay.kill();
  const status = await a.daemon.waitForStatus(
    "the loss",
    ({ registries }) => registries[0]?.phase === "connecting",
  );
  expect(status.registries[0]).toMatchObject({
    error: expect.stringContaining("cannot be reached") as string,
  });
  await stream.moreAnswers(50);
  expect((await stream.stop()).lost).toBe(0);
  await a.daemon.stop();
  await a.daemon.start(); // it remembers its peers and its own pod network
  const again = await a.daemon.waitForPeers("b");
  expect(again.registries).toMatchObject([{ phase: "connecting" }, { phase: "cached", affiliates: 1 }]);
  expect(again.node.advertisedPrefixes).toEqual(["10.244.1.0/24"]);
  await reach(first(pods), "10.244.2.2");
  await relay.start();
  for (const node of [a, b])
    await node.daemon.waitForStatus("the API", ({ registries }) => registries[0]?.phase === "connected");
});

it("Kubernetes and a discovery service are merged; either may die while the other lives", async () => {
  const [a, b, c] = nodes;
  if (!a || !b || !c) throw new Error("no nodes");
  await discovery.start();
  for (const node of [a, b]) {
    await node.daemon.configure(options([discovery.url]));
    node.daemon.signal("SIGHUP");
  }
  const both = await a.daemon.waitForStatus(
    "both registries",
    ({ registries }) =>
      registries.filter(({ phase, affiliates }) => phase === "connected" && affiliates === 1).length === 2,
  );
  expect(
    both.peers.map(({ label, allowedIPs }) => [label, allowedIPs.includes("10.244.2.0/24" as never)]),
  ).toEqual([["b", true]]);

  const stream = await PingStream.start(first(pods), "10.244.2.2");
  await discovery.stop("SIGKILL");
  await a.daemon.waitForStatus("the loss", ({ registries }) => registries[0]?.phase === "connecting");
  await c.start(options([discovery.url]));
  await Promise.all([a.daemon.waitForPeers("b", "c"), c.daemon.waitForPeers("a", "b")]);

  await discovery.start();
  await a.daemon.waitForStatus("the service", ({ registries }) => registries[0]?.phase === "connected");
  await relay.kill();
  await a.daemon.waitForStatus("the loss", ({ registries }) => registries[1]?.phase === "connecting");
  expect((await c.daemon.command("down")).exitCode).toBe(0);
  await stream.moreAnswers(20);
  const { peers } = await a.daemon.status();
  expect(peers.map(({ label, state }) => [label, state])).toContainEqual(["b", "up"]);
  expect((await stream.stop()).lost).toBe(0);
});

it("a pod's credentials: nothing to configure but that it is enabled; and leaving takes the annotations away", async () => {
  const a = first(nodes);
  await relay.start();
  await a.daemon.stop();
  const folder = "/run/secrets/kubernetes.io/serviceaccount"; // where /var/run leads
  await a.namespace.write(`${folder}/token`, await api.token());
  await a.namespace.write(`${folder}/ca.crt`, await api.ca());
  await a.namespace.write(`${folder}/namespace`, "kube-system");
  const [KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT] = [relayAddress, "6443"];
  Object.assign(process.env, { KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT });
  try {
    await a.start({ ...options([]), daemon: { kubernetes: { enabled: true } } });
  } finally {
    delete process.env["KUBERNETES_SERVICE_HOST"];
    delete process.env["KUBERNETES_SERVICE_PORT"];
  }
  const { registries } = await a.daemon.waitForStatus(
    "the API",
    (status) => status.registries[0]?.phase === "connected",
  );
  expect(registries[0]?.location).toBe(`https://${relayAddress}:6443`);
  const doctor = await second(nodes).daemon.command("doctor");
  expect(doctor.stdout).toContain(`discovery.https://${relayAddress}:6443: the Kubernetes API answers`);
  expect((await a.daemon.command("down")).stdout).not.toContain("warning");
  expect(await api.annotations("a")).toEqual({});
});
