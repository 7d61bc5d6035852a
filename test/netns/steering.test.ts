import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { counted } from "./talk.ts";

/*
 *   pod 10.244.1.2         pod 10.244.2.2
 *       fd44:1::2              fd44:2::2
 *      | cni0                 | cni0
 *   a 203.0.113.1          b 203.0.113.2     c 203.0.113.3, outside the mesh; b says that c is behind it
 *     2001:db8::1            2001:db8::2       2001:db8::3
 *      | eth0                 | eth0            | eth0
 *   ===+======================+=================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let c: LabNode;
let podA: LabNode;
let podB: LabNode;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  [a, b, c] = [await lab.node("a"), await host("b", 2), await host("c", 3)];
  // The first address of a host is what the kernel falls back to for masquerading.
  await a.run("ip", "link", "add", "docker0", "type", "bridge");
  await a.address("docker0", "172.17.0.1/16");
  await a.run("ip", "link", "set", "docker0", "up");
  await a.attach(network, "203.0.113.1/24");
  await a.defaultRoute("203.0.113.9");
  for (const [at, node] of [a, b, c].entries()) {
    await node.address("eth0", `2001:db8::${at + 1}/64`);
    await node.run("ip", "-6", "route", "add", "default", "via", "2001:db8::9");
  }
  [podA, podB] = [await a.pod(1, "fd44:1"), await b.pod(2, "fd44:2")];
  options = { cluster: newCluster(), services: [discovery.url] };
  // c is a node, not a pod: without that nobody would be told apart from b's pods.
  const advertised = (...networks: string[]): ConfigOptions => ({
    ...options,
    daemon: { advertisedPrefixes: networks, nonPodNetworks: ["203.0.113.3/32", "2001:db8::3/128"] },
  });
  await a.start(advertised("10.244.1.0/24", "fd44:1::/64"));
  // Networks of a length that only the tree of targets holds.
  for (const address of ["10.9.0.1/32", "fd44:9::1/128"]) await b.address("lo", address);
  const odd = ["10.9.0.0/18", "fd44:9::/48"];
  await b.start(advertised("10.244.2.0/24", "fd44:2::/64", "203.0.113.3/32", "2001:db8::3/128", ...odd));
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await waitFor(() => podA.reaches("10.244.2.2"), { what: "the other pod" });
});

afterAll(() => lab.close());

/** Asks for a connection that nobody answers kindly: the SYN and a refusal are all that is wanted. */
const connect = (from: LabNode, target: string, port = 9) =>
  from.namespace.attempt("timeout", "5", "bash", "-c", `echo > /dev/tcp/${target}/${port}`);

describe("who comes in outside the mesh is answered there, although the mesh claims its address", () => {
  it.each(["203.0.113.1", "2001:db8::1"])("by the node itself, at %s", async (target) => {
    expect(await c.ping(target)).toEqual({ sent: 3, received: 3 });
  });

  it.each(["10.244.1.2", "fd44:1::2"])(
    "but a pod behind it, at %s, is met in the mesh only",
    async (target) => {
      const family = target.includes(":") ? "-6" : "-4";
      const [network, gateway] =
        family === "-6" ? ["fd44:1::/64", "2001:db8::1"] : ["10.244.1.0/24", "203.0.113.1"];
      await c.run("ip", family, "route", "add", network, "via", gateway);
      const dropped = (await a.daemon.status()).dropped.outside;
      expect(await c.ping(target)).toEqual({ sent: 3, received: 0 });
      expect((await a.daemon.status()).dropped.outside).toBe(dropped + 3);
    },
  );

  it("by a pod behind a service address of the node", async () => {
    const service = `table ip service {
      chain in { type nat hook prerouting priority dstnat; policy accept;
        iifname "eth0" ip daddr 203.0.113.1 icmp type echo-request dnat to 10.244.1.2; }
    }`;
    await a.namespace.nft(service);
    const seen = await counted(
      podA,
      "chain c { type filter hook input priority 0; ip saddr 203.0.113.3 counter name arrived; }",
      ["arrived"],
      async () => expect(await c.ping("203.0.113.1")).toEqual({ sent: 3, received: 3 }),
    );
    await a.run("nft", "delete", "table", "ip", "service");
    expect(seen).toEqual({ arrived: 3 });
  });

  it("and every other bit of the connection's mark stays as it was", async () => {
    const chains = `
      chain before { type filter hook prerouting priority -180;
        ip saddr 203.0.113.3 ct status ! confirmed ct mark set 0xf00fff9f; }
      chain after { type filter hook input priority 0; ct mark 0xf00fffbf counter name kept; }
      chain out { type filter hook output priority 10;
        ip daddr 203.0.113.3 ct mark 0xf00fffbf meta mark 0 counter name answered; }`;
    const seen = await counted(a, chains, ["kept", "answered"], () => c.ping("203.0.113.1"));
    expect(seen).toEqual({ kept: 3, answered: 3 });
  });

  it("until a packet of the same connection comes through the mesh", async () => {
    const chains = `chain out { type filter hook output priority 10;
      icmp type echo-reply icmp id 77 meta mark 0x40 counter name inside
      icmp type echo-reply icmp id 77 meta mark 0 counter name outside; }`;
    const ping = ["ping", "-n", "-c", "2", "-i", "0.1", "-W", "2", "-e", "77"];
    const seen = await counted(a, chains, ["inside", "outside"], async () => {
      await c.run(...ping, "203.0.113.1");
      await b.run("ip", "address", "add", "203.0.113.3/32", "dev", "lo");
      await b.namespace.attempt(...ping, "-I", "203.0.113.3", "203.0.113.1");
      await b.run("ip", "address", "del", "203.0.113.3/32", "dev", "lo");
    });
    expect(seen).toEqual({ inside: 2, outside: 2 });
  });

  it("and a forged packet from outside does not take a connection of the mesh out", async () => {
    const chains = `
      chain count { type filter hook output priority 10;
        icmp type echo-reply icmp id 78 meta mark 0x40 counter name inside
        icmp type echo-reply icmp id 78 meta mark 0 counter name outside; }
      chain unanswered { type filter hook output priority 20; icmp type echo-reply icmp id 78 drop; }`;
    const ping = ["ping", "-n", "-c", "1", "-W", "1", "-e", "78", "-I", "203.0.113.2", "203.0.113.1"];
    // c takes b's address, but leaves b's neighbours alone.
    await c.namespace.sysctl("net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2");
    await c.run("ip", "address", "add", "203.0.113.2/32", "dev", "lo");
    const seen = await counted(a, chains, ["inside", "outside"], async () => {
      for (const from of [b, c]) await from.namespace.attempt(...ping);
    });
    await c.run("ip", "address", "del", "203.0.113.2/32", "dev", "lo");
    expect(seen).toEqual({ inside: 2, outside: 0 });
  });
});

it("a masquerading pod network gets a source that the peer accepts", async () => {
  await a.namespace.nft(`table ip masquerading {
    chain c { type nat hook postrouting priority srcnat; ip saddr 10.244.1.0/24 oifname "kubespan" masquerade; }
    }
    table ip6 masquerading {
    chain c { type nat hook postrouting priority srcnat; ip6 saddr fd44:1::/64 oifname "kubespan" masquerade; }
    }`);
  const { address } = (await a.daemon.status()).node;
  const chains = `chain c { type filter hook input priority 0;
    iifname "kubespan" ip saddr 203.0.113.1 icmp type echo-request counter name four
    iifname "kubespan" ip6 saddr ${address} icmpv6 type echo-request counter name six; }`;
  const seen = await counted(b, chains, ["four", "six"], async () => {
    for (const target of ["203.0.113.2", "2001:db8::2"])
      expect(await podA.ping(target)).toEqual({ sent: 3, received: 3 });
  });
  for (const family of ["ip", "ip6"]) await a.run("nft", "delete", "table", family, "masquerading");
  expect(seen).toEqual({ four: 3, six: 3 });
});

describe("TCP is told what fits", () => {
  const chains = `
    chain c { type filter hook prerouting priority 0;
      tcp dport 9 tcp flags syn tcp option maxseg size 1368 counter name four
      tcp dport 9 tcp flags syn tcp option maxseg size 1348 counter name six
      tcp dport 9 tcp flags syn tcp option maxseg size 1460 counter name large; }`;
  it.each([
    ["from the node", () => a, "203.0.113.2", { four: 1, six: 0, large: 0 }],
    ["from the node", () => a, "2001:db8::2", { four: 0, six: 1, large: 0 }],
    ["from the node", () => a, "10.9.0.1", { four: 1, six: 0, large: 0 }],
    ["from the node", () => a, "fd44:9::1", { four: 0, six: 1, large: 0 }],
    ["from a pod", () => podA, "10.244.2.2", { four: 1, six: 0, large: 0 }],
    ["from a pod", () => podA, "fd44:2::2", { four: 0, six: 1, large: 0 }],
  ])("%s to %s %s", async (_name, from, target, expected) => {
    const seen = await counted(b, chains, ["four", "six", "large"], () => connect(from(), target));
    expect(seen).toEqual(expected);
  });

  it("but not on the way to others, nor where there is no target at all", async () => {
    const seen = await counted(c, chains, ["four", "six", "large"], async () => {
      await connect(podB, "203.0.113.3"); // to b, c is behind itself
    });
    expect(seen).toEqual({ four: 0, six: 0, large: expect.toSatisfy((count) => count > 0) });
    const lonely = await lab.node("lonely");
    await lonely.attach({ name: "internet" }, "203.0.113.4/24");
    await lonely.start({ ...options, cluster: newCluster() });
    await lonely.daemon.waitForStatus("a start", ({ registries }) => registries[0]?.phase === "connected");
    const alone = await counted(c, chains, ["four", "six", "large"], () => connect(lonely, "203.0.113.3"));
    expect(alone).toEqual({ four: 0, six: 0, large: 1 });
    expect(await lonely.run("nft", "list", "sets")).not.toContain("elements");
  });
});

const large = (cutting: "do" | "dont", size: number): string[] => [
  "ping",
  "-n",
  "-c",
  "2",
  "-i",
  "0.2",
  "-W",
  "2",
  "-M",
  cutting,
  "-s",
  String(size),
];

describe("packets that do not fit", () => {
  it.each(["10.244.2.2", "fd44:2::2"])("arrive in fragments at %s", async (target) => {
    await waitFor(async () => (await podA.namespace.attempt(...large("dont", 3000), target)).exitCode === 0, {
      what: "an answer in fragments",
    });
  });

  it.each([
    ["10.244.2.2", 1472, /Frag needed.*mtu = 1420/],
    ["fd44:2::2", 1452, /too big.*mtu[ =]+1420/i],
  ])("and must not be cut are refused with the size that fits, to %s", async (target, size, message) => {
    await podA.run("ip", "route", "flush", "cache");
    await podA.run("ip", "-6", "route", "flush", "cache");
    const { stdout, stderr } = await podA.namespace.attempt(...large("do", size), target);
    expect(stdout + stderr).toMatch(message);
  });

  it.each([
    ["10.244.2.2", 1360, /Frag needed.*mtu = 1300/],
    ["fd44:2::2", 1340, /too big.*mtu[ =]+1300/i],
  ])("also by a link behind the other node, to %s", async (target, size, message) => {
    await b.run("ip", "link", "set", "cni0", "mtu", "1300");
    const { stdout, stderr } = await podA.namespace.attempt(...large("do", size), target);
    await b.run("ip", "link", "set", "cni0", "mtu", "1500");
    expect(stdout + stderr).toMatch(message);
  });
});

it("the MTU follows the links below", async () => {
  expect((await a.daemon.status()).node.mtu).toBe(1420);
  await a.run("ip", "link", "set", "eth0", "mtu", "1460");
  await a.daemon.waitForStatus("a smaller MTU", ({ node }) => node.mtu === 1380);
  await waitFor(async () => (await a.run("ip", "link", "show", "kubespan")).includes("mtu 1380"), {
    what: "the link to follow",
  });
  await waitFor(
    async () => (await a.run("nft", "list", "table", "inet", "talos_kubespan")).includes("size set 1328"),
    {
      what: "the clamping to follow",
    },
  );
});
