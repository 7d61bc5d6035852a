import { afterAll, beforeAll, expect, it } from "vitest";
import {
  Capture,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * Pods' packets come in by links of many kinds, and some of these no route names. All get into the mesh and back.
 *
 *   pods of each kind     pod 10.244.2.2
 *      |                     | cni0
 *   a 203.0.113.1         b 203.0.113.2
 *   ===+=====================+=== internet
 */
let lab: Lab;
let internet: Network;
let [a, b, podB]: LabNode[] = [];
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await host("a", 1), await host("b", 2)];
  podB = await b.pod(2);
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, daemon: { advertisedPrefixes: ["10.244.1.0/24"] } });
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24"] } });
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
});

afterAll(() => lab.close());

/** A pod with this address at the other end of a link of a, and its way out by a gateway that its link answers for. */
async function podBehind(link: string, address: string): Promise<LabNode> {
  const pod = await lab.node(`pod-${link}`);
  await lab.connect(pod.namespace, "eth0", node(a).namespace, link);
  await pod.address("eth0", `${address}/32`);
  await pod.run("ip", "route", "add", "169.254.1.1", "dev", "eth0");
  await pod.defaultRoute("169.254.1.1");
  await node(a).namespace.sysctl(`net.ipv4.conf.${link}.proxy_arp=1`, `net.ipv4.conf.${link}.rp_filter=0`);
  return pod;
}

const routed = (link: string, address: string) =>
  node(a).run("ip", "route", "add", `${address}/32`, "dev", link);

it.each<[string, string, (link: string, address: string) => Promise<unknown>]>([
  ["cali0123456789a", "10.244.1.11", routed], // Calico
  ["eni0123456789a", "10.244.1.12", routed], // AWS
  ["azv0123456789a", "10.244.1.13", routed], // Azure
  ["gke0123456789a", "10.244.1.14", routed], // GKE
  ["veth01234567", "10.244.1.15", routed], // the plug-in ptp, kindnet
  [
    // Cilium: the route to the pods leads elsewhere, and a program delivers; here a table that only what arrives looks at.
    "lxc0123456789a",
    "10.244.1.16",
    async (link, address) => {
      await node(a).run("ip", "link", "add", "cilium_host", "type", "veth", "peer", "name", "cilium_net");
      for (const each of ["cilium_host", "cilium_net"]) await node(a).run("ip", "link", "set", each, "up");
      await node(a).run("ip", "route", "add", "10.244.1.0/24", "dev", "cilium_host");
      await node(a).run("ip", "route", "add", `${address}/32`, "dev", link, "table", "77");
      await node(a).run("ip", "rule", "add", "iif", "kubespan", "lookup", "77", "priority", "77");
    },
  ],
])("%s", async (link, address, route) => {
  const pod = await podBehind(link, address);
  await route(link, address);
  await waitFor(() => pod.reaches("10.244.2.2"), { what: "the other pod" });
  expect(await node(podB).ping(address)).toEqual({ sent: 3, received: 3 });
  expect(await pod.ping("203.0.113.2")).toEqual({ sent: 3, received: 3 });
  expect((await node(a).daemon.status()).dropped).toEqual({
    outside: 0,
    tunnel: 0,
    entering: 0,
    leaving: 0,
    unaccepted: 0,
  });
});

it("a bridge, with pods as its ports", async () => {
  await node(a).run("ip", "link", "add", "cni0", "type", "bridge");
  await node(a).address("cni0", "10.244.1.129/25");
  await node(a).run("ip", "link", "set", "cni0", "up");
  const pod = await lab.node("pod-bridged");
  await lab.connect(pod.namespace, "eth0", node(a).namespace, "veth9");
  await node(a).run("ip", "link", "set", "veth9", "master", "cni0");
  await pod.address("eth0", "10.244.1.130/25");
  await pod.defaultRoute("10.244.1.129");
  await waitFor(() => pod.reaches("10.244.2.2"), { what: "the other pod" });
  expect(await node(podB).ping("10.244.1.130")).toEqual({ sent: 3, received: 3 });
});

it("an overlay between nodes that advertise none of its networks: Flannel's VXLAN", async () => {
  for (const [each, own, other, third] of [
    [node(a), "203.0.113.1", "203.0.113.2", 1],
    [node(b), "203.0.113.2", "203.0.113.1", 2],
  ] as const) {
    const vxlan = [
      "type",
      "vxlan",
      "id",
      "1",
      "local",
      own,
      "remote",
      other,
      "dstport",
      "8472",
      "dev",
      "eth0",
    ];
    await each.run("ip", "link", "add", "flannel.1", ...vxlan);
    await each.run("ip", "link", "set", "flannel.1", "up", "mtu", "1370");
    await each.address("flannel.1", `10.42.${third}.0/16`);
  }
  const capture = await Capture.start(lab, internet);
  await waitFor(() => node(a).reaches("10.42.2.0"), { what: "the other end" });
  expect(await node(b).ping("10.42.1.0")).toEqual({ sent: 3, received: 3 });
  await capture.stop();
  expect(await capture.lines("udp port 8472")).toEqual([]);
  expect((await node(a).daemon.status()).dropped).toEqual({
    outside: 0,
    tunnel: 0,
    entering: 0,
    leaving: 0,
    unaccepted: 0,
  });
});
