import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { Lab, type LabNode } from "../../lab/index.ts";
import { debianSets, kubernetes } from "../../lab/programs/index.ts";
import { Service } from "../../lab/service.ts";
import { showPackages } from "../../lab/shown.ts";
import { ipv4, podAddress } from "./addresses.ts";
import { ask, server } from "./asking.ts";
import { checkTable } from "./document.ts";
import { service } from "./kube-proxy.ts";
import { advertisedByName, type Mesh, notAdvertised, twoNodes } from "./mesh.ts";
import { flannelVxlan, setUp } from "./networks.ts";
import { objects } from "./service-objects.ts";
import { encrypted, local, wayOf } from "./ways.ts";

/** kube-proxy's IPVS in the emulated machine (test/vm/mesh.test.ts): not every kernel has it. */
const advertised = { yes: advertisedByName, no: notAdvertised } as const;
const api = join(import.meta.dirname, "service-api.ts");
/** `KUBESPAN_PROXY_MODE` is for trying this file where there is no IPVS. */
const mode = process.env["KUBESPAN_PROXY_MODE"] ?? "ipvs";
const rows: string[][] = [];

const configuration = {
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  clientConnection: { kubeconfig: "/run/proxy.kubeconfig", contentType: "application/json" },
  clusterCIDR: ipv4.allPods,
  mode,
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
};

const kubeconfig = {
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "lab", cluster: { server: "http://127.0.0.1:8001" } }],
  contexts: [{ name: "lab", context: { cluster: "lab" } }],
  "current-context": "lab",
};

/** Starts the real kube-proxy, beside what tells it of a Service. */
async function startProxy(node: LabNode): Promise<Service> {
  const { namespace, name } = node;
  await showPackages(node, await debianSets());
  await namespace.write("/run/objects.json", JSON.stringify(objects(ipv4)));
  await namespace.write("/run/proxy.kubeconfig", stringify(kubeconfig));
  await namespace.write("/run/proxy.yaml", stringify(configuration));
  await new Service(namespace, "api", [process.execPath, api, "/run/objects.json"]).start();
  const program = join(await kubernetes(), "kube-proxy");
  const argv = [program, "--config=/run/proxy.yaml", `--hostname-override=${name}`];
  const proxy = new Service(namespace, "kube-proxy", argv);
  await proxy.start();
  return proxy;
}

describe.each(Object.keys(advertised) as (keyof typeof advertised)[])("advertised: %s", (isAdvertised) => {
  let lab: Lab;
  let mesh: Mesh;
  let logs: readonly Service[];

  beforeAll(async () => {
    lab = await Lab.open();
    mesh = await twoNodes(lab, advertised[isAdvertised]);
    await setUp(flannelVxlan(ipv4), mesh);
    await new Service(mesh.podB.namespace, "server", [process.execPath, "-e", server]).start();
    logs = [await startProxy(mesh.a), await startProxy(mesh.b)];
  });
  afterAll(() => lab?.close());

  it("Services of kube-proxy's IPVS are reached through the mesh", async () => {
    const { a, podA, client } = mesh;
    const { nodePort, port } = service;
    const { node: self } = await a.daemon.status();
    const fromNode: string[] = [ipv4.node.a, ipv4.pod(1, 0), self.address];
    const asks: readonly (readonly [LabNode, string, number, readonly string[]])[] = [
      [podA, service.clusterIP[4], port, [podAddress(ipv4).a]],
      [a, service.clusterIP[4], port, fromNode],
      [client, ipv4.node.a, nodePort.cluster, fromNode],
      [client, ipv4.node.b, nodePort.local, [ipv4.client]],
    ];
    const found: string[] = [];
    for (const [from, host, number, seen] of asks) {
      const what = `${from.name} asks ${host}:${number}`;
      const act = async (): Promise<boolean> => seen.includes(await ask(from, host, number));
      try {
        found.push(await wayOf(lab, mesh, ipv4, what, act));
      } catch (error) {
        const texts = await Promise.all(logs.map((proxy) => proxy.log()));
        const said = [`until then: ${found.join(", ")}`, ...texts.map((text) => text.slice(-4000))];
        throw new Error(said.join("\n---\n"), { cause: error });
      }
    }
    expect(found).toEqual([encrypted, encrypted, encrypted, local]);
    if (mode !== "ipvs") return;
    // It is IPVS that did it, with the Service's address on a link of every node, which is no address of the node's.
    expect(await a.run("cat", "/proc/net/ip_vs")).toMatch(/^TCP +0A60000A:0050 rr/m);
    expect(await a.run("ip", "address", "show", "dev", "kube-ipvs0")).toContain(service.clusterIP[4]);
    const announced = await mesh.b.daemon.status();
    expect(JSON.stringify(announced.peers)).not.toContain(service.clusterIP[4]);
    rows.push(["kube-proxy, IPVS", "4", isAdvertised, ...found]);
  });
});

// In another mode its rows are none of the table.
if (mode === "ipvs")
  it("the documentation says so", () =>
    checkTable(
      "ipvs",
      [
        "Services",
        "IP",
        "advertised",
        "pod to ClusterIP",
        "node to ClusterIP",
        "NodePort, Cluster",
        "NodePort, Local",
      ],
      rows,
    ));
