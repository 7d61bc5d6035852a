import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, type LabNode, waitFor } from "../../lab/index.ts";
import { debian } from "../../lab/programs/index.ts";
import { Service } from "../../lab/service.ts";
import { ipv4, podAddress } from "./addresses.ts";
import { ask, server } from "./asking.ts";
import { checkTable } from "./document.ts";
import { proxies, service } from "./kube-proxy.ts";
import { advertisedByName, type Mesh, notAdvertised, twoNodes } from "./mesh.ts";
import { flannelVxlan, setUp } from "./networks.ts";
import { encrypted, local, wayOf } from "./ways.ts";

/* What other programs of a Kubernetes node do to a packet: their addresses and rules, written after their documentation. */
const advertised = { yes: advertisedByName, no: notAdvertised } as const;
const relay = join(import.meta.dirname, "../../lab/relay.ts");
const rows: string[][] = [];

/** The address of node-local DNS, which every node has; connections with it are in no table of the kernel. */
const cache = "169.254.20.10";
const untracked = `
  table ip nodelocaldns {
    chain prerouting { type filter hook prerouting priority raw; ip daddr ${cache} tcp dport 53 notrack; }
    chain output {
      type filter hook output priority raw;
      ip saddr ${cache} tcp sport 53 notrack
      ip daddr ${cache} tcp dport 53 notrack
    }
  }
`;

/** The address of a Service for outside, which MetalLB announces from one of the nodes, and no link has. */
const virtual = "203.0.113.77";
const toService = `
  table ip lb {
    chain prerouting {
      type nat hook prerouting priority dstnat;
      ip daddr ${virtual} tcp dport 80 meta mark set meta mark | 0x4000 dnat to ${podAddress(ipv4).b}:8080
    }
  }
`;

/** The addresses of a node, among which the kernel chooses what it sends by. */
const fromNode = async (node: LabNode, number: 1 | 2): Promise<string[]> => {
  const { node: self } = await node.daemon.status();
  return [number === 1 ? ipv4.node.a : ipv4.node.b, ipv4.pod(number, 0), ipv4.pod(number, 1), self.address];
};

describe.each(Object.keys(advertised) as (keyof typeof advertised)[])("advertised: %s", (isAdvertised) => {
  let lab: Lab;
  let mesh: Mesh;

  beforeAll(async () => {
    lab = await Lab.open();
    mesh = await twoNodes(lab, advertised[isAdvertised]);
    await setUp(flannelVxlan(ipv4), mesh);
    await new Service(mesh.podB.namespace, "server", [process.execPath, "-e", server]).start();
    const [proxy] = proxies;
    for (const node of [mesh.a, mesh.b]) await proxy?.install(node, ipv4, node === mesh.b);
  });
  afterAll(() => lab?.close());

  it("node-local DNS answers on the node, and asks its Service through the mesh", async () => {
    const { a, b, podA, podB } = mesh;
    const found: string[] = [];
    for (const [node, pod, number] of [
      [a, podA, 1],
      [b, podB, 2],
    ] as const) {
      await node.run("ip", "link", "add", "nodelocaldns", "type", "bridge"); // not every kernel has the kind `dummy`
      await node.address("nodelocaldns", `${cache}/32`);
      await node.run("ip", "link", "set", "nodelocaldns", "up");
      await node.namespace.nft(untracked);
      const to = `${service.clusterIP[4]}:${service.port}`;
      await new Service(node.namespace, "cache", [process.execPath, relay, `${cache}:53`, to]).start();
      const known = await fromNode(node, number);
      found.push(
        await wayOf(lab, mesh, ipv4, `${pod.name} asks ${cache}`, async () =>
          known.includes(await ask(pod, cache, 53)),
        ),
      );
    }
    expect(found).toEqual([encrypted, local]);
    const { peers } = await b.daemon.status();
    expect(JSON.stringify(peers)).not.toContain(cache);
    rows.push(["node-local DNS", "4", isAdvertised, ...found]);
  });

  it("an address that MetalLB announces leads through the mesh where the pod is elsewhere", async () => {
    const { a, b, client } = mesh;
    const busybox = join(await debian(), "root/bin/busybox");
    const announce = ["arping", "-U", "-c", "1", "-I", "eth0", "-s", virtual, virtual];
    await client.namespace.sysctl("net.ipv4.conf.eth0.arp_accept=1");
    const found: string[] = [];
    for (const [node, number] of [
      [a, 1],
      [b, 2],
    ] as const) {
      await node.namespace.nft(toService);
      await node.namespace.sysctl("net.ipv4.ip_nonlocal_bind=1");
      const hardware = (await node.run("cat", "/sys/class/net/eth0/address")).trim();
      await waitFor(
        async () => {
          await node.namespace.attempt(busybox, ...announce);
          return (await client.run("ip", "neigh", "show", virtual)).includes(hardware);
        },
        { what: `the client to know ${virtual} at ${node.name}` },
      );
      const known = await fromNode(node, number);
      found.push(
        await wayOf(lab, mesh, ipv4, `the client asks ${virtual}`, async () =>
          known.includes(await ask(client, virtual, 80)),
        ),
      );
    }
    expect(found).toEqual([encrypted, local]);
    expect(await a.ping(ipv4.node.b)).toEqual({ sent: 3, received: 3 });
    rows.push(["MetalLB, layer 2", "4", isAdvertised, ...found]);
  });
});

it("the documentation says so", () =>
  checkTable("others", ["program", "IP", "advertised", "the pod is elsewhere", "the pod is here"], rows));
