import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, type LabNode } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import { checkTable } from "./document.ts";
import { proxies, service } from "./kube-proxy.ts";
import { type Mesh, nodeAddress, twoNodes } from "./mesh.ts";
import { endsOf, podNetworks, setUp, takeDown } from "./networks.ts";
import { clear, encrypted, local, pinged, pingedWays, wayOf } from "./ways.ts";

const advertised = { yes: true, no: false } as const;
type Advertised = keyof typeof advertised;
/** Says whom it talks to. */
const server = "require('net').createServer(s=>s.end(s.remoteAddress)).listen(8080,'0.0.0.0')";
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

  it.each(podNetworks)("$name", async (network) => {
    const ends = endsOf(mesh.a, mesh.b);
    await setUp(network, ends);
    const found = await pingedWays(lab, mesh, network.name);
    // What no tunnel of the CNI's own carries, and nobody advertises, is a packet of a pod to a pod on the wire.
    const isClear = network.link === undefined && !advertised[isAdvertised];
    const ofPods = isClear ? clear : encrypted;
    expect(found).toEqual([ofPods, ofPods, ofPods, encrypted, encrypted]);
    networkRows.push([network.name, isAdvertised, ...found]);
    await takeDown(network, ends);
  });

  it.each(proxies)("$name", async (proxy) => {
    const [network] = podNetworks.filter(({ name }) => name === "Flannel VXLAN");
    if (!network) throw new Error("there is no such pod network");
    const ends = endsOf(mesh.a, mesh.b);
    await setUp(network, ends);
    const { a, b, podA, client } = mesh;
    await proxy.install(a, false);
    await proxy.install(b, true);
    const { clusterIP, port, nodePort } = service;
    const asks: readonly (readonly [LabNode, string, number, RegExp])[] = [
      [podA, clusterIP, port, /^10\.244\.1\.2$/],
      [a, clusterIP, port, /^(?:203\.0\.113\.1|10\.244\.1\.0)$/],
      [client, nodeAddress.a, nodePort.cluster, /^(?:203\.0\.113\.1|10\.244\.1\.0)$/],
      [client, nodeAddress.b, nodePort.local, /^203\.0\.113\.50$/],
    ];
    const found: string[] = [];
    for (const [from, host, number, seen] of asks)
      found.push(
        await wayOf(lab, mesh, `${from.name} asks ${host}:${number}`, async () =>
          seen.test(await ask(from, host, number)),
        ),
      );
    expect(found).toEqual([encrypted, encrypted, encrypted, local]);
    expect(await ask(client, nodeAddress.a, nodePort.local)).toBe(""); // no endpoint there
    serviceRows.push([proxy.name, isAdvertised, ...found]);
    for (const node of [a, b]) await proxy.remove(node);
    await takeDown(network, ends);
  });
});

describe("the documentation", () => {
  it("says so", async () => {
    await checkTable("networks", ["CNI", "advertised", ...pinged], networkRows);
    const services = ["pod to ClusterIP", "node to ClusterIP", "NodePort, Cluster", "NodePort, Local"];
    await checkTable("services", ["Services", "advertised", ...services], serviceRows);
  });
});
