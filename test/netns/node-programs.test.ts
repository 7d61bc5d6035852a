import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * What other programs on a real node do beside the mesh, by their own rules.
 *
 *   podA 10.244.1.2           podB 10.244.2.2
 *      | cni0                    | cni0
 *   a 203.0.113.1             b 203.0.113.2           x 203.0.113.50, no member
 *     2001:db8::1               2001:db8::2              |
 *   ===+=========================+=======================+=== internet
 */
let lab: Lab;
let internet: Network;
let [a, b, x, podA, podB]: LabNode[] = [];
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b, x] = [await host("a", 1), await host("b", 2), await host("x", 50)];
  [podA, podB] = [await a.pod(1), await b.pod(2)];
  const options: ConfigOptions = { cluster: newCluster(), services: [discovery.url] };
  for (const [at, each] of [a, b].entries()) {
    await each.address("eth0", `2001:db8::${at + 1}/64`);
    await each.defaultRoute("2001:db8::9");
    await each.namespace.sysctl("net.ipv4.ip_forward=1");
    const advertisedPrefixes = [`10.244.${at + 1}.0/24`];
    await each.start({ ...options, daemon: { advertisedPrefixes, podNetworks: { mainTable: true } } });
  }
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await waitFor(() => node(podA).reaches("10.244.2.2"), { what: "the other pod" });
});

afterAll(() => lab.close());

/** The pings among pods and nodes that cross the internet in clear while `act` runs. */
async function clearDuring(act: () => Promise<unknown>): Promise<string[]> {
  const capture = await Capture.start(lab, internet);
  await act();
  await capture.stop();
  return capture.lines("icmp and not host 203.0.113.50");
}

const isZero = (text = ""): boolean => /^0+$/.test(text);
const wordsOf = async (file: string): Promise<string[][]> =>
  (await node(a).run("cat", file)).split("\n").map((line) => line.trim().split(/\s+/));

/** The links of default routes as kubelet without --node-ip reads them: those with a gateway. */
async function kubeletsLinks(): Promise<string[]> {
  const four = (await wordsOf("/proc/net/route"))
    .filter(([, to, gateway]) => isZero(to) && !isZero(gateway))
    .map(([link]) => link);
  const six = (await wordsOf("/proc/net/ipv6_route"))
    .filter((words) => isZero(words[0]) && !isZero(words[4]))
    .map((words) => words[9]);
  return [...four, ...six].flatMap((link) => link ?? []);
}

describe("the choice of a node's address", () => {
  it("by kubelet never falls on the mesh's link", async () => {
    expect(await kubeletsLinks()).toEqual(["eth0", "eth0"]);
  });

  it("by flannel never falls on the mesh's link, which has no default route in the main table", async () => {
    for (const family of ["-4", "-6"]) {
      const shown = await node(a).run("ip", family, "-j", "route", "show", "default", "table", "main");
      expect((JSON.parse(shown) as { dev: string }[]).map(({ dev }) => dev)).toEqual(["eth0"]);
    }
  });
});

/** The pings from a source that the other pod got. */
async function gotFrom(source: string): Promise<number> {
  const text = await node(podB).run("nft", "list", "chain", "inet", "seen", "in");
  return Number(new RegExp(`${source} counter packets (\\d+)`).exec(text)?.[1]);
}

describe("kube-proxy's way to know its own pods", () => {
  it.each([
    ["the bridge of pods (BridgeInterface)", 'iifname "cni0"'],
    ["the node's own network (NodeCIDR)", "ip saddr 10.244.1.0/24"],
    ["all pods of the cluster (ClusterCIDR)", "ip saddr 10.244.0.0/16"],
  ])("%s: pods keep their address, the node gets one of its own", async (_name, isLocal) => {
    const services = `table ip services {
      chain dispatch { ip daddr 10.96.0.10 meta mark set meta mark or 0x4000
        ip daddr 10.96.0.10 dnat to 10.244.2.2; }
      chain prerouting { type nat hook prerouting priority -100; ${isLocal} ip daddr 10.96.0.10 dnat to 10.244.2.2
        jump dispatch; }
      chain output { type nat hook output priority -100; jump dispatch; }
      chain postrouting { type nat hook postrouting priority 100; meta mark & 0x4000 == 0x4000 masquerade; }
    }`;
    await node(a).namespace.nft(services);
    await node(podB).namespace.nft(`table inet seen { chain in { type filter hook input priority 0;
      icmp type echo-request ip saddr 10.244.1.2 counter
      icmp type echo-request ip saddr 203.0.113.1 counter; }
    }`);
    const clear = await clearDuring(async () => {
      await waitFor(() => node(podA).reaches("10.96.0.10"), { what: "the Service from a pod" });
      await waitFor(() => node(a).reaches("10.96.0.10"), { what: "the Service from the node" });
    });
    expect(clear).toEqual([]);
    expect(await gotFrom("10.244.1.2")).toBeGreaterThan(0);
    expect(await gotFrom("203.0.113.1")).toBeGreaterThan(0);
    await node(a).run("nft", "delete", "table", "ip", "services");
    await node(podB).run("nft", "delete", "table", "inet", "seen");
  });
});

describe("node-local DNS", () => {
  it("is reached on its node at 169.254.20.10, and neither announced nor led into the mesh", async () => {
    for (const each of [node(a), node(b)]) {
      await each.run("ip", "link", "add", "nodelocaldns", "type", "bridge");
      await each.run("ip", "link", "set", "nodelocaldns", "up");
      await each.address("nodelocaldns", "169.254.20.10/32");
    }
    const clear = await clearDuring(async () => {
      for (const from of [node(podA), node(a), node(b)])
        expect(await from.ping("169.254.20.10")).toEqual({ sent: 3, received: 3 });
    });
    expect(clear).toEqual([]);
    const { node: self, peers } = await node(a).daemon.status();
    expect([...self.announcedAddresses, ...self.announcedEndpoints].join()).not.toContain("169.254.20.10");
    expect(peers.map(({ state }) => state)).toEqual(["up"]);
  });
});

const external = "203.0.113.200";
const hardwareOf = async (each: LabNode): Promise<string> =>
  (await each.run("cat", "/sys/class/net/eth0/address")).trim();
const neighbour = (): Promise<string> => node(x).run("ip", "neighbour", "show", external);

/** A node takes the address: it answers ARP for it, sends it on to the pod, and says so to all. */
async function take(each: LabNode): Promise<void> {
  await each.namespace.nft(`table ip external {
    chain in { type nat hook prerouting priority -100; ip daddr ${external} dnat to 10.244.2.2; }
    chain out { type nat hook postrouting priority 100; ct original ip daddr ${external} masquerade; }
  }`);
  await each.run("ip", "route", "add", external, "dev", "cni0"); // with proxy_arp it answers for that
}

describe("an address that moves by gratuitous ARP, as MetalLB's do", () => {
  it("is answered from the pod wherever it is, and the mesh stays as it is", async () => {
    for (const each of [node(a), node(b)]) await each.namespace.sysctl("net.ipv4.conf.eth0.proxy_arp=1");
    const [from, to] = [node(a), node(b)];
    await take(from);
    const clear = await clearDuring(async () => {
      await waitFor(() => node(x).reaches(external), { what: "the address on a" });
      expect(await neighbour()).toContain(await hardwareOf(from));

      await from.run("ip", "route", "del", external, "dev", "cni0");
      await take(to);
      const hardware = await hardwareOf(to);
      const script = new URL("gratuitous-arp.pl", import.meta.url).pathname;
      await waitFor(
        async () => {
          await to.run("perl", script, "eth0", hardware, external);
          return (await neighbour()).includes(hardware) && (await node(x).reaches(external));
        },
        { what: "the address on b", describe: neighbour },
      );
    });
    expect(clear).toEqual([]);
    for (const each of [from, to])
      expect((await each.daemon.status()).peers.map(({ state }) => state)).toEqual(["up"]);
  });
});
