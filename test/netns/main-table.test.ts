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
  waitFor,
} from "../../lab/index.ts";

/*
 * `podNetworks.mainTable`: who looks up the way to a peer's pods in the main table, past rules and marks, finds the mesh.
 * On a, an eBPF program forwards what the pod sends, as Cilium's does.
 *
 *   podA 10.244.1.2           podB 10.244.2.2
 *        fd00:10:244:1::2          fd00:10:244:2::2
 *      | cni0                    | cni0
 *   a 203.0.113.1             b 203.0.113.2
 *   ===+=========================+=== internet
 */
let lab: Lab;
let internet: Network;
let [a, b, podA]: LabNode[] = [];
let options: ConfigOptions;
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

const daemonOf = (third: number, mainTable: boolean): ConfigOptions => ({
  ...options,
  daemon: {
    advertisedPrefixes: [`10.244.${third}.0/24`, `fd00:10:244:${third}::/64`],
    podNetworks: { mainTable },
  },
});

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await host("a", 1), await host("b", 2)];
  options = { cluster: newCluster(), services: [discovery.url] };
  podA = await a.pod(1, "fd00:10:244:1");
  await b.pod(2, "fd00:10:244:2");
  // With Cilium there is no second barrier at the links, which would stop what redirect_neigh sends out.
  await a.run("ip", "link", "add", "cilium_host", "type", "veth", "peer", "name", "cilium_net");
  await a.namespace.write("/run/cilium/state/globals/node_config.h", "#define ENABLE_NODEPORT 1\n");
  for (const [at, each] of [a, b].entries()) {
    await each.address("eth0", `2001:db8::${at + 1}/64`);
    await each.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    await each.start(daemonOf(at + 1, false));
  }
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await waitFor(() => node(podA).reaches("10.244.2.2"), { what: "the other pod" });
});

afterAll(() => lab.close());

const ours = async (): Promise<string> =>
  (
    await Promise.all(
      ["-4", "-6"].map((family) => node(a).run("ip", family, "route", "show", "proto", "180")),
    )
  )
    .join("")
    .replace(/ +$/gm, "");
const wayTo = (address: string): Promise<string> => node(a).run("ip", "route", "get", address);

async function setMainTable(isOn: boolean): Promise<void> {
  await node(a).daemon.configure(daemonOf(1, isOn));
  node(a).daemon.signal("SIGHUP");
  await waitFor(async () => ((await ours()) !== "") === isOn, {
    what: "the routes of the main table",
    describe: ours,
  });
}

/** Pings from podA to the other pod: how many were answered, and how many packets of the pod were on the wire. */
async function pinged(): Promise<{ readonly answered: number; readonly clear: number }> {
  const capture = await Capture.start(lab, internet);
  const { received } = await node(podA).ping("10.244.2.2", 3);
  await capture.stop();
  return { answered: received, clear: (await capture.lines("icmp and src host 10.244.1.2")).length };
}

describe("podNetworks.mainTable", () => {
  it("leads into the mesh what eBPF forwards by the main table, which is in clear without it", async () => {
    const on = node(a);
    await on.run("mkdir", "-p", "/run/bpf");
    await on.run("mount", "-t", "bpf", "bpf", "/run/bpf");
    await on.run("perl", new URL("forwards-by-itself.pl", import.meta.url).pathname, "/run/bpf/forward");
    await on.run("tc", "qdisc", "add", "dev", "cni0", "clsact");
    const filter = "dev cni0 ingress pref 7 bpf direct-action object-pinned /run/bpf/forward".split(" ");
    await on.run("tc", "filter", "add", ...filter);
    expect((await pinged()).clear).toBeGreaterThan(0);

    await setMainTable(true);
    await waitFor(() => node(podA).reaches("10.244.2.2"), { what: "the other pod by eBPF", describe: ours });
    expect(await pinged()).toEqual({ answered: 3, clear: 0 });
  });

  it("has routes with source, MTU, protocol and metric of our own, and refusals behind them", async () => {
    const { address, mtu } = (await node(a).daemon.status()).node;
    expect((await ours()).trim().split("\n").toSorted()).toEqual(
      [
        `10.244.2.0/24 dev kubespan scope link src 203.0.113.1 metric 65000 mtu ${mtu}`,
        "unreachable 10.244.2.0/24 metric 65001",
        `fd00:10:244:2::/64 dev kubespan src ${address} metric 65000 mtu ${mtu} pref medium`,
        "unreachable fd00:10:244:2::/64 dev lo metric 65001 pref medium",
      ].toSorted(),
    );
    expect(await wayTo("10.244.2.2")).toMatch(/dev kubespan src 203\.0\.113\.1/);
    expect(await wayTo("203.0.113.2")).toMatch(/dev eth0/);
  });

  it.each(["0", "1", "2"])("carries pods with rp_filter %s", async (value) => {
    const keys = ["all", "default", "eth0", "cni0"].map((name) => `net.ipv4.conf.${name}.rp_filter=${value}`);
    await node(a).namespace.sysctl(...keys);
    expect(await pinged()).toEqual({ answered: 3, clear: 0 });
    expect(await node(a).ping("10.244.2.2")).toEqual({ sent: 3, received: 3 });
    expect(await node(b).ping("10.244.1.2")).toEqual({ sent: 3, received: 3 });
  });

  it("yields to a route of somebody else's, and leaves it alone", async () => {
    const theirs = "10.244.2.0/24 via 203.0.113.77 dev eth0".split(" ");
    await node(a).run("ip", "route", "add", ...theirs);
    expect(await wayTo("10.244.2.2")).toMatch(/via 203\.0\.113\.77/);
    await node(a).daemon.status();
    expect(await node(a).run("ip", "route", "show", "10.244.2.0/24")).toContain(theirs.join(" "));
    await node(a).run("ip", "route", "del", ...theirs);
    expect(await wayTo("10.244.2.2")).toMatch(/dev kubespan/);
  });

  it("comes back when somebody takes it away", async () => {
    const before = await ours();
    expect(before).toContain("10.244.2.0/24");
    await node(a).run("ip", "route", "flush", "proto", "180");
    await waitFor(async () => (await ours()) === before, { what: "the routes again", describe: ours });
  });

  it("refuses, and lets nothing out in clear, while there is no link", async () => {
    await node(a).daemon.stop("SIGKILL");
    await node(a).run("ip", "link", "del", "kubespan");
    expect(await wayTo("10.244.2.2").catch(String)).toMatch(/No route to host/);
    expect(await pinged()).toEqual({ answered: 0, clear: 0 });
    await node(a).daemon.start();
    await waitFor(() => node(podA).reaches("10.244.2.2"), { what: "the other pod again", describe: ours });
  });

  it("refuses before a daemon runs, too, by what is saved for the next start of the machine", async () => {
    const on = node(a);
    await on.daemon.stop("SIGKILL");
    await on.run(
      "sh",
      "-c",
      `ip link del kubespan
       for f in 4 6; do ip -$f route flush proto 180; ip -$f route flush table 180; done`,
    );
    expect((await pinged()).clear).toBeGreaterThan(0); // what eBPF forwards has nothing else in its way
    const load = () => on.namespace.attempt(kubespan, "barrier", "load", "--config", configFile);
    expect((await load()).stdout).toContain("refuse pod networks of peers in the main table");
    expect((await ours()).trim().split("\n").toSorted()).toEqual([
      "unreachable 10.244.2.0/24 metric 65001",
      "unreachable fd00:10:244:2::/64 dev lo metric 65001 pref medium",
    ]);
    expect(await pinged()).toEqual({ answered: 0, clear: 0 });
    expect((await load()).stdout).toBe("there was nothing to load\n");
    await on.daemon.start();
    await waitFor(() => node(podA).reaches("10.244.2.2"), { what: "the other pod again", describe: ours });
    expect(await pinged()).toEqual({ answered: 3, clear: 0 });
  });

  it("goes with the peer, with the setting and with the mesh", async () => {
    await setMainTable(false);
    await setMainTable(true);
    expect((await node(b).daemon.command("down")).exitCode).toBe(0);
    await waitFor(async () => (await ours()) === "", {
      what: "no route to a peer that left",
      describe: ours,
    });
    await node(b).daemon.ended();
    await node(b).daemon.start();
    await waitFor(async () => (await ours()) !== "", { what: "the routes again" });
    expect((await node(a).daemon.command("down")).exitCode).toBe(0);
    expect(await ours()).toBe("");
  });
});
