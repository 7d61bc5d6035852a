import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, type LabNode } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import type { Prefix } from "../../src/net/index.ts";
import { ApiRelay } from "../kubernetes/api-relay.ts";
import { ApiServer } from "../kubernetes/api-server.ts";
import { bothFamilies, podAddress } from "./addresses.ts";
import { ask, server } from "./asking.ts";
import { checkTable } from "./document.ts";
import { proxies, service } from "./kube-proxy.ts";
import { type Mesh, podNetworksOf, twoNodes } from "./mesh.ts";
import { flannelVxlan, podNetworks, setUp, takeDown } from "./networks.ts";
import { clear, encrypted, local, pinged, pingedWays, wayOf } from "./ways.ts";

/** `advertiseKubernetesNetworks`; Kubernetes knows the pod networks either way. */
const advertised = { yes: true, no: false } as const;
type Advertised = keyof typeof advertised;
/** What Kubernetes says of each node has arrived, and the other node knows of it what it announces. */
async function knowEachOther({ a, b }: Mesh, isAdvertised: boolean): Promise<void> {
  for (const [node, own, other] of [
    [a, 1, 2],
    [b, 2, 1],
  ] as const) {
    const told = isAdvertised ? podNetworksOf(other) : [];
    const { node: self, peers } = await node.daemon.waitForStatus(
      "what both registries say",
      ({ registries, peers: [peer] }) =>
        registries.every(({ phase, affiliates }) => phase === "connected" && affiliates === 1) &&
        told.every((network) => peer?.allowedIPs.includes(network as Prefix)),
    );
    expect(self.advertisedPrefixes).toEqual(isAdvertised ? podNetworksOf(own) : []);
    const ofPods = podNetworksOf(other).filter((network) => peers[0]?.allowedIPs.includes(network as Prefix));
    expect(ofPods).toEqual(told);
  }
}

const networkRows: string[][] = [];
const serviceRows: string[][] = [];

let api: ApiServer;
beforeAll(async () => {
  api = await ApiServer.start();
});
afterAll(() => api?.close());

describe.each(Object.keys(advertised) as Advertised[])("pod networks advertised: %s", (isAdvertised) => {
  let lab: Lab;
  let mesh: Mesh;
  let relay: ApiRelay;

  beforeAll(async () => {
    lab = await Lab.open();
    mesh = await twoNodes(lab, {
      prepare: async (hub) => {
        relay = await ApiRelay.open(api, hub);
        for (const [index, name] of ["a", "b"].entries())
          await api.createNode(name, { podCIDRs: podNetworksOf(index + 1) });
      },
      options: () => ({
        mesh: { advertiseKubernetesNetworks: advertised[isAdvertised] },
        daemon: { kubernetes: relay.configuration },
      }),
    });
    await knowEachOther(mesh, advertised[isAdvertised]);
    await new Service(mesh.podB.namespace, "server", [process.execPath, "-e", server]).start();
  });
  afterAll(async () => {
    await lab?.close();
    await relay?.close();
    for (const name of ["a", "b"]) await api.deleteNode(name);
  });

  it.each(bothFamilies.flatMap(podNetworks))("$name, IPv$addresses.family", async (network) => {
    const { name, addresses, link } = network;
    await setUp(network, mesh);
    const found = await pingedWays(lab, mesh, addresses, name);
    // What no tunnel of the CNI's own carries, and nobody advertises, is a packet of a pod to a pod on the wire.
    const isClear = link === undefined && !advertised[isAdvertised];
    const ofPods = isClear ? clear : encrypted;
    expect(found).toEqual([ofPods, ofPods, ofPods, encrypted, encrypted]);
    networkRows.push([name, String(addresses.family), isAdvertised, ...found]);
    await takeDown(network, mesh);
  });

  const modes = bothFamilies.flatMap((addresses) => proxies.map((proxy) => ({ ...proxy, addresses })));
  it.each(modes)("$name, IPv$addresses.family", async ({ name, addresses, install, remove }) => {
    const network = flannelVxlan(addresses);
    await setUp(network, mesh);
    const { a, b, podA, client } = mesh;
    await install(a, addresses, false);
    await install(b, addresses, true);
    const { port, nodePort } = service;
    const clusterIP = service.clusterIP[addresses.family];
    // What a node masquerades with is the kernel's choice: in IPv6 always an address of the link.
    const { node: self } = await a.daemon.status();
    const fromNode: string[] = [addresses.node.a, addresses.pod(1, 0), self.address];
    const asks: readonly (readonly [LabNode, string, number, readonly string[]])[] = [
      [podA, clusterIP, port, [podAddress(addresses).a]],
      [a, clusterIP, port, fromNode],
      [client, addresses.node.a, nodePort.cluster, fromNode],
      [client, addresses.node.b, nodePort.local, [addresses.client]],
    ];
    const found: string[] = [];
    for (const [from, host, number, seen] of asks)
      found.push(
        await wayOf(lab, mesh, addresses, `${from.name} asks ${host}:${number}`, async () =>
          seen.includes(await ask(from, host, number)),
        ),
      );
    expect(found).toEqual([encrypted, encrypted, encrypted, local]);
    expect(await ask(client, addresses.node.a, nodePort.local)).toBe(""); // no endpoint there
    serviceRows.push([name, String(addresses.family), isAdvertised, ...found]);
    for (const node of [a, b]) await remove(node, addresses);
    await takeDown(network, mesh);
  });
});

describe("the documentation", () => {
  it("says so", async () => {
    await checkTable("networks", ["CNI", "IP", "advertised", ...pinged], networkRows);
    const services = ["pod to ClusterIP", "node to ClusterIP", "NodePort, Cluster", "NodePort, Local"];
    await checkTable("services", ["Services", "IP", "advertised", ...services], serviceRows);
  });
});
