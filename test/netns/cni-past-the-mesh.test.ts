import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  configFile,
  kubespan,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  unbroken,
  waitFor,
} from "../../lab/index.ts";
import type { Status } from "../../src/api/index.ts";
import type { Finding } from "../../src/doctor/index.ts";
import type { Prefix } from "../../src/net/index.ts";

/*
 * What CNI plug-ins do past the mesh or without it is said before anybody has to find out.
 *
 *   podA 10.244.1.2    podB 10.244.2.2
 *      | cni0             | cni0
 *   a 203.0.113.1      b 203.0.113.2
 *   ===+==================+=== internet
 */
let lab: Lab;
let internet: Network;
let [a, b, podA, podB]: LabNode[] = [];
let options: ConfigOptions;
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");
const withNetwork = (third: number): ConfigOptions => ({
  ...options,
  daemon: { advertisedPrefixes: [`10.244.${third}.0/24`] },
});

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await host("a", 1), await host("b", 2)];
  [podA, podB] = [await a.pod(1), await b.pod(2)];
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const each of [a, b]) {
    await each.namespace.sysctl("net.ipv4.ip_forward=1");
    await each.start(options);
  }
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
});

afterAll(() => lab.close());

async function examined(): Promise<{ readonly exitCode: number; readonly findings: readonly Finding[] }> {
  const on = node(a).namespace;
  const { exitCode, stdout } = await on.attempt(kubespan, "doctor", "-c", configFile, "-o", "json");
  return { exitCode, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
}
const severityOf = async (id: string): Promise<string | undefined> =>
  (await examined()).findings.find((finding) => finding.id === id)?.severity;

const warns = ({ warnings }: Status, of: string): boolean => warnings.some(({ who }) => who.includes(of));

/** A link comes, as one does for each pod. */
async function podComes(name: string): Promise<void> {
  await node(a).run("ip", "link", "add", name, "type", "veth", "peer", "name", `${name}p`);
}
const podGoes = (name: string) => node(a).run("ip", "link", "del", name);

describe("routes to pods by a peer's own address (host-gw)", () => {
  const route = "10.244.2.0/24 via 203.0.113.2 dev eth0".split(" ");

  it("are named before anybody sends, as long as the peer does not advertise these pods", async () => {
    await node(a).run("ip", "route", "add", ...route);
    await node(a).daemon.waitForStatus("the warning", (status) => warns(status, route.join(" ")));
    expect(await severityOf("cni.clear_routes")).toBe("warning");

    for (const [index, each] of [node(a), node(b)].entries()) {
      await each.daemon.configure(withNetwork(index + 1));
      each.daemon.signal("SIGHUP");
    }
    await node(a).daemon.waitForStatus("no warning", (status) => !warns(status, route.join(" ")));
    await waitFor(() => node(podA).reaches("10.244.2.2"), { what: "the other pod" });
    expect(await severityOf("cni.clear_routes")).toBeUndefined();
    await node(a).run("ip", "route", "del", ...route);
  });
});

/** The pings of podA in clear on the wire. */
async function clearPings(): Promise<string[]> {
  const capture = await Capture.start(lab, internet);
  await node(podA).ping("10.244.2.2", 3);
  await capture.stop();
  return capture.lines("icmp and src host 10.244.1.2");
}

describe("Flannel without a tunnel, between nodes that share no network, so that it makes no route", () => {
  const flannel = "Flannel without a tunnel";

  it("is named by the node whose pods are reached in clear, as long as it does not advertise them", async () => {
    await node(a).daemon.configure(options);
    node(a).daemon.signal("SIGHUP");
    await node(a).namespace.write("/run/flannel/subnet.env", "FLANNEL_SUBNET=10.244.1.1/24\n");
    await podComes("vethf");
    await node(a).daemon.waitForStatus("the warning", (status) => warns(status, flannel));
    expect(await severityOf("cni.flannel")).toBe("warning");

    await node(a).daemon.configure(withNetwork(1));
    node(a).daemon.signal("SIGHUP");
    await node(a).daemon.waitForStatus("no warning", (status) => !warns(status, flannel));
    expect(await severityOf("cni.flannel")).toBeUndefined();
    await node(a).run("rm", "/run/flannel/subnet.env");
    await podGoes("vethf");
    await waitFor(() => node(podA).reaches("10.244.2.2"), { what: "the other pod" });
  });
});

describe("what redirects packets of pods at ingress", () => {
  const filter = "dev cni0 ingress protocol ip pref 7".split(" ");

  it("goes past nftables, and is an error in log, status and doctor", async () => {
    const { daemon } = node(a);
    expect(await clearPings()).toEqual([]);
    expect((await daemon.command("status")).exitCode).toBe(0);

    await node(a).run("tc", "qdisc", "add", "dev", "cni0", "clsact");
    const redirection = "u32 match ip dst 10.244.2.0/24 action mirred egress redirect dev eth0".split(" ");
    await node(a).run("tc", "filter", "add", ...filter, ...redirection);
    expect(await clearPings()).not.toEqual([]); // the mesh cannot keep it in
    await podComes("lxc1");
    await waitFor(async () => /past nftables/.test(await daemon.log()), { what: "the error in the log" });

    const { exitCode, stdout } = await daemon.command("status");
    expect(exitCode).toBe(12);
    expect(unbroken(stdout)).toMatch(/^problem: +bypassed .*cni0 to eth0/m);
    const report = await examined();
    expect(report.exitCode).toBe(11);
    expect(report.findings.find(({ id }) => id === "cni.bypass")).toMatchObject({ severity: "error" });

    await node(a).run("tc", "filter", "del", ...filter);
    await node(a).run("tc", "qdisc", "del", "dev", "cni0", "clsact");
    await podGoes("lxc1");
    await daemon.waitForStatus("a mesh that works", ({ work }) => work.state === "working");
    expect(await clearPings()).toEqual([]);
  });
});

describe("Cilium", () => {
  const header = "/run/cilium/state/globals/node_config.h";

  it("is an error with eBPF host routing, and asks for the main table without", async () => {
    const { daemon, namespace } = node(a);
    await namespace.write(header, "#define ENABLE_NODEPORT 1\n#define ENABLE_HOST_ROUTING 1\n");
    await podComes("cilium_host");
    const { work } = await daemon.waitForStatus("the bypass", (status) => status.work.state === "bypassed");
    expect(work).toMatchObject({ why: expect.stringMatching(/^Cilium .*hostLegacyRouting/) });
    expect(await severityOf("cni.bypass")).toBe("error");

    await namespace.write(header, "#define ENABLE_NODEPORT 1\n");
    await daemon.waitForStatus(
      "a mesh that works, with a warning",
      (status) => status.work.state === "working" && warns(status, "Cilium"),
    );
    expect(await severityOf("cni.bypass")).toBe("ok");
    expect(await severityOf("cni.main_table")).toBe("warning");
    await podGoes("cilium_host");
    await daemon.waitForStatus("no warning", (status) => !warns(status, "Cilium"));
  });
});

const block = "10.244.77.64/26";
const pod = "10.244.77.65";
const knowsBlock = ({ peers: [peer] }: Status): boolean =>
  peer?.allowedIPs.includes(block as Prefix) === true;

async function configure(source: "kubernetes" | "node"): Promise<void> {
  const { daemon } = withNetwork(2);
  await node(b).daemon.configure({
    ...options,
    mesh: { advertiseKubernetesNetworks: true },
    daemon: { ...daemon, podNetworks: { source } },
  });
  node(b).daemon.signal("SIGHUP");
}

describe("pods outside of the Node's podCIDR, as Calico's IPAM gives them", () => {
  it("are warned of, or announced as they are found on the node", async () => {
    await configure("kubernetes");
    await node(podB).address("eth0", `${pod}/32`);
    await node(b).run("ip", "route", "add", pod, "dev", "cni0");
    await node(b).run("ip", "route", "add", "blackhole", block, "proto", "80");
    await node(b).daemon.waitForStatus("the warning", (status) => warns(status, "pods in 10.244.77."));

    await configure("node");
    await node(a).daemon.waitForStatus("the block", knowsBlock);
    await waitFor(() => node(a).reaches(pod), { what: "the pod in the block" });
    await node(b).daemon.waitForStatus("no warning", (status) => !warns(status, "pods in"));

    await node(b).run("ip", "route", "del", "blackhole", block, "proto", "80");
    await node(a).daemon.waitForStatus("the pod alone", (status) => !knowsBlock(status));
    expect(await node(a).reaches(pod)).toBe(true);
  });
});
