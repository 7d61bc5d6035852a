import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { balancer, services } from "./outside-services.ts";
import { asked, counted, giveBack, say, serve, take } from "./talk.ts";

/*
 * What comes in outside the mesh for good reasons, and is answered there.
 *
 *   pod 10.244.1.2     pod 10.244.2.2                 lan 192.168.60.2
 *      | cni0             | cni0                         | lan
 *   a 203.0.113.1      b 198.51.100.2                 g 203.0.113.3, says that 192.168.50.0/24 and 203.0.113.64/26 are
 *      | eth0             | eth0                         | eth0      behind it; e says so of 203.0.113.67
 *   ===+== internet ======|==============================+=====+=======+============+===
 *                    hub 203.0.113.9: a's way out,             |       |            |
 *                 + = 198.51.100.9, router and load balancer  e .5    d .6    x .66 and .67, no member
 *                 far
 */
let lab: Lab;
let [a, b, d, e, g, x, hub]: LabNode[] = [];
let [podA, podB, client]: LabNode[] = [];
let options: ConfigOptions;
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");
const ranges = ["192.168.50.0/24", "203.0.113.64/26"];
const notPods = [...ranges, "203.0.113.67/32"];
const settingsOfA = { advertisedPrefixes: ["10.244.1.0/24"], nonPodNetworks: notPods };

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host, hub: way } = await publicNetwork(lab);
  hub = way;
  const far = await lab.network("far");
  await hub.attach(far, "198.51.100.9/24");
  await hub.namespace.sysctl("net.ipv4.ip_forward=1");
  [a, g, e, d] = [await host("a", 1), await host("g", 3), await host("e", 5), await host("d", 6)];
  b = await lab.node("b");
  await b.attach(far, "198.51.100.2/24");
  await b.defaultRoute("198.51.100.9");
  x = await lab.node("x");
  await x.attach(network, "203.0.113.66/24", "203.0.113.67/24");
  [podA, podB] = [await a.pod(1), await b.pod(2)];
  client = await lab.node("client");
  await lab.connect(client.namespace, "eth0", g.namespace, "lan");
  await g.address("lan", "192.168.60.1/24");
  await client.address("eth0", "192.168.60.2/24");
  await client.defaultRoute("192.168.60.1");
  for (const [each, last] of [
    [a, 1],
    [g, 3],
  ] as const)
    await each.address("eth0", `2001:db8::${last}/64`);
  options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, daemon: settingsOfA });
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24"] } });
  // With the bypass it has no last chain: like a gateway of Talos it lets out what somebody took the mark from.
  await g.start({
    ...options,
    mesh: { allowDownPeerBypass: true },
    daemon: { advertisedPrefixes: ranges, nonPodNetworks: notPods },
  });
  await e.start({
    ...options,
    mesh: { filters: { excludeAdvertisedNetworks: ["203.0.113.5/32"] } },
    daemon: { advertisedPrefixes: ["203.0.113.67/32"] },
  });
  await d.start({ ...options, mesh: { allowDownPeerBypass: true } });
  await a.daemon.waitForPeers("b", "d", "e", "g");
  for (const each of [b, d, e, g])
    await each.daemon.waitForStatus("a", ({ peers }) =>
      peers.some((peer) => peer.label === "a" && peer.state === "up"),
    );
  await waitFor(() => node(podB).reaches("10.244.1.2"), { what: "the other pod" });
  for (const each of [a, e, podA, podB]) await serve(each, 7000, each.name);
  await hub.namespace.nft(balancer);
  for (const address of ["203.0.113.201/32", "203.0.113.202/32"])
    await hub.run("ip", "route", "add", address, "via", "203.0.113.1");
  await a.namespace.nft(services);
  await a.run("ip", "address", "add", "203.0.113.202/32", "dev", "lo");
});

afterAll(() => lab.close());

describe("answered, with the defaults:", () => {
  it.each<[string, () => LabNode | undefined, string, string, number, string]>([
    ["a pass-through load balancer", () => b, "198.51.100.2", "203.0.113.200", 6443, "a to 198.51.100.2"],
    ["a forwarded port of a router", () => b, "198.51.100.2", "198.51.100.9", 2222, "a to 198.51.100.2"],
    ["a NodePort, policy Local", () => b, "198.51.100.2", "203.0.113.200", 30_080, "a-pod to 198.51.100.2"],
    ["a NodePort, policy Cluster", () => b, "198.51.100.2", "203.0.113.200", 30_081, "b-pod to 203.0.113.1"],
    [
      "an external address as of MetalLB",
      () => b,
      "198.51.100.2",
      "203.0.113.201",
      80,
      "a-pod to 198.51.100.2",
    ],
    ["direct server return", () => b, "198.51.100.2", "203.0.113.202", 7000, "a to 198.51.100.2"],
    ["an exclusion made by one side only", () => a, "203.0.113.1", "203.0.113.5", 7000, "e to 203.0.113.1"],
    [
      "somebody around, in a range of a peer",
      () => x,
      "203.0.113.66",
      "203.0.113.1",
      7000,
      "a to 203.0.113.66",
    ],
    ["an address that a peer lists", () => x, "203.0.113.67", "203.0.113.1", 7000, "a to 203.0.113.67"],
  ])("%s", async (_name, from, source, target, port, answer) => {
    expect(await asked(node(from()), source, target, port)).toBe(answer);
  });

  it("the health check of a load balancer, in a range that a peer advertises", async () => {
    await take(node(hub), "192.168.50.9");
    const answer = await asked(node(hub), "192.168.50.9", "203.0.113.1", 7000);
    await giveBack(node(hub), "192.168.50.9");
    expect(answer).toBe("a to 192.168.50.9");
  });

  it.each([
    ["through the mesh", ""],
    ["outside it", 'iifname "lan" meta mark set meta mark & 0xffffff9f'],
  ])("clients in a LAN that a peer masquerades, %s", async (_how, rule) => {
    await node(g).namespace.nft(`table ip gateway {
      chain past { type filter hook prerouting priority 30
        ${rule}
      }
      chain out { type nat hook postrouting priority srcnat
        ip saddr 192.168.60.0/24 masquerade
      }
    }`);
    const answer = await asked(node(client), "192.168.60.2", "203.0.113.1", 7000);
    await node(g).run("nft", "delete", "table", "ip", "gateway");
    expect(answer).toBe("a to 203.0.113.3");
  });

  it.each([
    ["in the mesh", () => b, "198.51.100.2"],
    ["outside it", () => hub, "203.0.113.9"],
  ])("a port of a VPS that leads through the mesh, for whoever is %s", async (_name, from, source) => {
    await node(g).namespace.nft(`table ip vps {
      chain in { type nat hook prerouting priority dstnat
        ip daddr 203.0.113.3 tcp dport 8080 dnat to 203.0.113.1:7000
      }
      chain out { type nat hook postrouting priority srcnat
        ip daddr 203.0.113.1 tcp dport 7000 masquerade
      }
    }`);
    const answer = await asked(node(from()), source, "203.0.113.3", 8080);
    await node(g).run("nft", "delete", "table", "ip", "vps");
    expect(answer).toBe("a to 203.0.113.3");
  });

  it("a peer that lets out what it has for peers that are down, and sees this one so", async () => {
    await node(d).namespace.nft(`table inet cut {
      chain in { type filter hook prerouting priority -400
        udp dport 51820 drop
      }
    }`);
    await node(d).run("ip", "link", "del", "kubespan");
    await waitFor(
      async () =>
        !(await node(d).run("nft", "list", "set", "inet", "talos_kubespan", "kubespan_hosts_ipv4")).includes(
          "203.0.113.1",
        ),
      {
        what: "d to let it out",
      },
    );
    const peers = (await node(a).daemon.status()).peers;
    expect(peers.find(({ label }) => label === "d")?.state).toBe("up");
    expect(await asked(node(d), "203.0.113.6", "203.0.113.1", 7000)).toBe("a to 203.0.113.6");
    await node(d).run("nft", "delete", "table", "inet", "cut");
  });
});

/** With our table's chain at priority 20: what it lets through. */
const passed = (match: string): string =>
  `chain c { type filter hook prerouting priority 30\n iifname "eth0" ${match} counter name seen\n }`;

/** An error of ICMP about nothing that anybody sent: no fragmentation, or a packet that is too big. */
const icmpError = "0304000000000000".padEnd(72, "0");

describe("never dropped, although everything of the mesh's is (strictIngress: all):", () => {
  afterAll(() => giveBack(node(x), "203.0.113.3"));

  beforeAll(async () => {
    await node(a).daemon.configure({ ...options, daemon: { ...settingsOfA, strictIngress: "all" } });
    node(a).daemon.signal("SIGHUP");
    await take(node(x), "203.0.113.3");
    const isDropped = async () => {
      await say(node(x), "udp", "203.0.113.3", 0, "203.0.113.1", 9, 9);
      return (await node(a).daemon.status()).dropped.outside > 0;
    };
    await waitFor(isDropped, { what: "what is not excepted to be dropped" });
  });

  it.each<[string, string, (string | number)[], number]>([
    ["nothing else of UDP", "udp dport 9", ["udp", "203.0.113.3", 0, "203.0.113.1", 9, 9], 0],
    [
      "UDP of the listen port",
      "udp dport 51820",
      ["udp", "203.0.113.3", 0, "203.0.113.1", 51_820, 51_820],
      1,
    ],
    ["errors of ICMP", "icmp type 3", ["raw", 1, "203.0.113.3", "203.0.113.1", 1, icmpError], 1],
    ["broadcast", "udp dport 9", ["udp", "203.0.113.3", 0, "203.0.113.255", 9, 9], 1],
    [
      "who is around, in a range of a peer",
      "udp dport 9",
      ["udp", "203.0.113.66", 0, "203.0.113.1", 9, 9],
      1,
    ],
    [
      "but not an address that a peer lists",
      "udp dport 9",
      ["udp", "203.0.113.67", 0, "203.0.113.1", 9, 9],
      0,
    ],
  ])("%s", async (_name, match, words, expected) => {
    const seen = await counted(node(a), passed(match), ["seen"], async () => {
      await say(node(x), ...words);
      expect(await node(x).reaches("203.0.113.1")).toBe(true); // it is handled in order
    });
    expect(seen).toEqual({ seen: expected });
  });

  it.each([
    ["a registry", 3000, true],
    ["anything else", 3001, false],
  ])("TCP of %s", async (_name, port, isSeen) => {
    const seen = await counted(node(a), passed(`tcp dport ${port} ip saddr 203.0.113.3`), ["seen"], () =>
      asked(node(x), "203.0.113.3", "203.0.113.1", port, 2),
    );
    expect((seen["seen"] ?? 0) > 0).toBe(isSeen);
  });

  it("VRRP", async () => {
    await node(g).run("ip", "route", "add", "224.0.0.0/4", "dev", "eth0");
    const seen = await counted(
      node(a),
      passed("ip protocol 112 ip saddr 203.0.113.3"),
      ["seen"],
      async () => {
        await say(node(g), "raw", 112, "0.0.0.0", "224.0.0.18", 1); // the route tells the source
        expect(await node(g).reaches("203.0.113.1")).toBe(true);
      },
    );
    expect(seen).toEqual({ seen: 1 });
  });

  it("neighbour discovery", async () => {
    const match = "ip6 saddr 2001:db8::3 icmpv6 type nd-neighbor-solicit";
    await node(x).address("eth0", "2001:db8::3/64");
    const seen = await counted(node(a), passed(match), ["seen"], () =>
      node(x).namespace.attempt("ping", "-c", "1", "-W", "2", "2001:db8::1"),
    );
    await node(x).run("ip", "address", "del", "2001:db8::3/64", "dev", "eth0");
    expect(seen["seen"]).toBeGreaterThan(0);
  });
});

it("what is not to be answered outside is answered in the mesh (answerOutside: false)", async () => {
  await node(a).daemon.configure({ ...options, daemon: { ...settingsOfA, answerOutside: false } });
  node(a).daemon.signal("SIGHUP");
  const chain = ["nft", "list", "chain", "inet", "talos_kubespan", "kubespan_answering"];
  await waitFor(async () => !(await node(a).run(...chain)).includes("ct mark set"), { what: "the switch" });
  const chains = `chain c { type filter hook output priority 10
    ip daddr 203.0.113.66 tcp sport 7000 meta mark & 0x60 == 0x40 counter name inside
    ip daddr 203.0.113.66 tcp sport 7000 meta mark & 0x60 != 0x40 counter name outside
  }`;
  const seen = await counted(node(a), chains, ["inside", "outside"], () =>
    asked(node(x), "203.0.113.66", "203.0.113.1", 7000, 5),
  );
  expect(seen).toEqual({ inside: expect.toSatisfy((count) => count > 0), outside: 0 });
});

it("a pod is met outside where the operator allows it (strictIngress: off), but not answered", async () => {
  await node(a).daemon.configure({ ...options, daemon: { ...settingsOfA, strictIngress: "off" } });
  node(a).daemon.signal("SIGHUP");
  await node(x).run("ip", "route", "replace", "10.244.1.0/24", "via", "203.0.113.1");
  await waitFor(async () => (await asked(node(x), "203.0.113.66", "10.244.1.2", 7000, 5)) !== "", {
    what: "a-pod",
  });
  await take(node(hub), "10.244.2.77");
  await node(hub).run("ip", "route", "replace", "10.244.1.0/24", "via", "203.0.113.1");
  expect(await asked(node(hub), "10.244.2.77", "10.244.1.2", 7000, 3)).toBe("");
});
