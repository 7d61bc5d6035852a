import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, type LabNode } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import { bothFamilies, podAddress } from "./addresses.ts";
import { checkTable } from "./document.ts";
import { proxies, service } from "./kube-proxy.ts";
import { type Mesh, twoNodes } from "./mesh.ts";
import { flannelVxlan, podNetworks, setUp, takeDown } from "./networks.ts";
import { clear, encrypted, local, pinged, pingedWays, wayOf } from "./ways.ts";

const advertised = { yes: true, no: false } as const;
type Advertised = keyof typeof advertised;
/** Says whom it talks to. */
const server =
  "require('net').createServer(s=>s.end(s.remoteAddress.replace('::ffff:',''))).listen(8080,'::')";
/** Prints the answer, if there is one. */
const asking =
  "const [h,p]=process.argv.slice(1);const s=require('net').connect(p,h);s.setTimeout(2000,()=>s.destroy());s.on('error',()=>{});s.pipe(process.stdout)";

/** What the server sees as its client's address; empty without an answer. */
const ask = async (from: LabNode, host: string, port: number): Promise<string> =>
  (await from.namespace.attempt(process.execPath, "-e", asking, host, String(port))).stdout;

const networkRows: string[][] = [];
const serviceRows: string[][] = [];

describe.each(Object.keys(advertised) as Advertised[])("pod networks advertised: %s", (isAdvertised) => {
  let lab: Lab;
  let mesh: Mesh;

  beforeAll(async () => {
    lab = await Lab.open();
    mesh = await twoNodes(lab, advertised[isAdvertised]);
    await new Service(mesh.podB.namespace, "server", [process.execPath, "-e", server]).start();
  });
  afterAll(() => lab.close());

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
