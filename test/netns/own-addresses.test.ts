import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  type Cluster,
  Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  type PublicNetwork,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import type { Address, Prefix } from "../../src/net/index.ts";

/*
 * What a node says of itself, on one network with 203.0.113.0/24 and 2001:db8::/64. The node `a` looks on; each of the
 * others has addresses of one kind.
 *
 *     a .1   many .2   host .3   twin .4   quiet .5   old .6   six ::7   nine ::8   service ::9
 *     |        |         |         |         |          |        |         |           |
 *   ==+========+=========+=========+=========+==========+========+=========+===========+=== internet
 *                                                                                      |
 *                                   router with 203.0.113.201 and .202, each for one   |
 *                                   of c1 10.0.0.11/32 and c2 10.0.0.12/32 ------------+
 */
let lab: Lab;
let internet: PublicNetwork;
let url: string;
let a: LabNode;
const cluster = newCluster();

beforeAll(async () => {
  lab = await Lab.open();
  internet = await publicNetwork(lab);
  const service = await lab.node("service6");
  await service.attach(internet.network, "2001:db8::9/64");
  const discovery = new Discovery(service, "2001:db8::9");
  await discovery.start();
  ({ url } = discovery);
  a = await dual("a", 1);
  await a.start({ cluster, services: [url] });
});

afterAll(() => lab.close());

/** A host of both families. Its default routes lead to the service's hosts, which forward nothing. */
async function dual(name: string, last: number): Promise<LabNode> {
  const node = await internet.host(name, last);
  await node.address("eth0", `2001:db8::${last}/64`);
  await node.defaultRoute("2001:db8::9");
  return node;
}

const start = (node: LabNode, of: Cluster = cluster): Promise<unknown> =>
  node.start({ cluster: of, services: [url] });

const isUpAtA = (label: string): Promise<unknown> =>
  a.daemon.waitForStatus(`${label} up`, ({ peers }) =>
    peers.some((peer) => peer.label === label && peer.state === "up"),
  );

const knowsA = (node: LabNode): Promise<unknown> =>
  node.daemon.waitForStatus("a up", ({ peers }) =>
    peers.some(({ label, state }) => label === "a" && state === "up"),
  );

/** Adds an address without duplicate address detection, in one batch for many. */
const addresses = async (node: LabNode, lines: readonly string[]): Promise<void> => {
  await node.namespace.write("/run/batch", `${lines.join("\n")}\n`);
  await node.run("ip", "-batch", "/run/batch");
};

const ping = async (from: LabNode, target: string, ...more: string[]): Promise<boolean> =>
  (await from.namespace.attempt("ping", "-n", "-c", "1", "-W", "2", ...more, target)).exitCode === 0;

/** An answer to pings comes, and none of the pings that are sent from now on is seen on the way. */
const reachesUnseen = (from: LabNode, target: string, ...more: string[]): Promise<void> =>
  reachesUnseenOn(internet.network, from, target, ...more);

async function reachesUnseenOn(
  network: Network,
  from: LabNode,
  target: string,
  ...more: string[]
): Promise<void> {
  const pings = `host ${target} and (icmp or (icmp6 and (ip6[40] == 128 or ip6[40] == 129)))`;
  const capture = await Capture.start(lab, network);
  const isAnswered = await ping(from, target, ...more);
  await capture.stop();
  expect(await capture.lines(pings)).toEqual([]);
  expect(isAnswered).toBe(true);
}

const isSteered = (at: LabNode, address: string): Promise<unknown> =>
  at.daemon.waitForStatus(`${address} in the mesh`, ({ peers }) =>
    peers.some(
      ({ state, allowedIPs }) =>
        state === "up" && allowedIPs.some((prefix) => prefix.replace(/\/(?:32|128)$/, "") === address),
    ),
  );

const ours = (verb: string, last: number): string[] =>
  Array.from({ length: 60 }, (_, index) => `address ${verb} 198.51.100.${last + index}/32 dev eth0`);

describe("a node with more addresses than an announcement holds", () => {
  let many: LabNode;
  beforeAll(async () => {
    many = await dual("many", 2);
    await addresses(
      many,
      Array.from({ length: 110 }, (_, index) => `address add 2001:db8:5::${index + 1}/128 dev eth0 nodad`),
    );
    await start(many);
  });

  it("is announced with its first ones, warns of the others, and names them in a line", async () => {
    await isUpAtA("many");
    await isSteered(a, "203.0.113.2");
    await reachesUnseen(a, "203.0.113.2");
    await reachesUnseen(a, "2001:db8::2");
    const { warnings, node } = await many.daemon.status();
    expect(warnings.map(({ what }) => what).join()).toMatch(/do not fit into the announcement.*in clear/);
    expect(node.leftOut.length).toBeLessThan(10);
  });

  it("changes all of them, and every service and every new node goes on to hear of it", async () => {
    await addresses(many, ours("add", 1));
    await isSteered(a, "198.51.100.60");
    await addresses(many, [...ours("del", 1), ...ours("add", 101)]);
    await isSteered(a, "198.51.100.160");
    const { registries } = await many.daemon.status();
    expect(registries).toEqual([expect.objectContaining({ phase: "connected" })]);
    expect(registries[0]).not.toHaveProperty("error");
  });
});

describe("an address on the loopback link", () => {
  let host: LabNode;
  let twin: LabNode;
  beforeAll(async () => {
    host = await dual("host", 3);
    twin = await dual("twin", 4);
    await host.address("lo", "198.18.0.3/32");
    await host.address("lo", "2001:db8:3::1/128");
    await host.address("lo", "10.99.0.0/24");
    await start(host);
    await start(twin);
  });

  it("is the node's own, and what is sent to it goes through the mesh", async () => {
    await isUpAtA("host");
    await isSteered(a, "2001:db8:3::1");
    await reachesUnseen(a, "198.18.0.3");
    await reachesUnseen(a, "2001:db8:3::1");
    await reachesUnseen(host, "203.0.113.1", "-I", "198.18.0.3");
    const { node } = await host.daemon.status();
    expect(node.announcedAddresses).not.toContain("10.99.0.0");
    expect(node.mtu).toBe(1420);
  });

  it("that another member has there, too, belongs to one of them, and none of it is in clear", async () => {
    await isUpAtA("twin");
    for (const node of [host, twin]) await node.address("lo", "198.18.0.200/32");
    for (const node of [host, twin])
      await node.daemon.waitForStatus("the address announced", (status) =>
        status.node.announcedAddresses.includes("198.18.0.200" as Address),
      );
    const { peers } = await a.daemon.waitForStatus("the address of one, and refused to the other", (status) =>
      status.peers.some(({ refusedPrefixes }) =>
        refusedPrefixes.some(({ value }) => value === "198.18.0.200/32"),
      ),
    );
    expect(peers.filter(({ allowedIPs }) => allowedIPs.includes("198.18.0.200/32" as Prefix))).toHaveLength(
      1,
    );
    await reachesUnseen(a, "198.18.0.200");
  });
});

describe("IPv6 that is off for all links, and on for the one that has it", () => {
  it("is steered, out and in", async () => {
    const quiet = await internet.host("quiet", 5);
    await quiet.namespace.sysctl(
      "net.ipv6.conf.all.disable_ipv6=1",
      "net.ipv6.conf.default.disable_ipv6=1",
      "net.ipv6.conf.eth0.disable_ipv6=0",
    );
    await quiet.address("eth0", "2001:db8::5/64");
    await quiet.defaultRoute("2001:db8::9");
    await start(quiet);
    await isUpAtA("quiet");
    await knowsA(quiet);
    await isSteered(a, "2001:db8::5");
    await reachesUnseen(quiet, "2001:db8::1");
    await reachesUnseen(a, "2001:db8::5");
  });
});

describe("an address that is deprecated", () => {
  it("is the node's own as long as it is valid, and no endpoint", async () => {
    const old = await dual("old", 6);
    await old.run(..."ip address add 2001:db8::100/128 dev eth0 preferred_lft 0 nodad".split(" "));
    await start(old);
    await isUpAtA("old");
    await isSteered(a, "2001:db8::100");
    await reachesUnseen(a, "2001:db8::100");
    await reachesUnseen(old, "2001:db8::1", "-I", "2001:db8::100");
    const { node } = await old.daemon.status();
    expect(node.announcedEndpoints).not.toContain("[2001:db8::100]:51820");
    expect(node.leftOut.find(({ value }) => value.includes("2001:db8::100"))?.reason).toMatch(/deprecated/);
  });
});

describe("nodes without IPv4 that translate it (464XLAT)", () => {
  it("announce no address of the translation, and IPv4 to members is refused, not lost in a tunnel", async () => {
    const both: LabNode[] = [];
    for (const [name, last] of [
      ["six", 7],
      ["nine", 8],
    ] as const) {
      const node = await lab.node(name);
      await node.attach(internet.network, `2001:db8::${last}/64`);
      await node.defaultRoute("2001:db8::9");
      await node.run(..."ip tuntap add clat mode tun".split(" "));
      await node.run(..."ip link set clat up mtu 1260".split(" "));
      await node.run(..."ip address add 192.0.0.1/32 dev clat".split(" "));
      await node.run(..."ip route add default dev clat metric 2048".split(" "));
      await start(node);
      both.push(node);
    }
    for (const node of both) {
      await isUpAtA(node.name);
      await knowsA(node);
      await isSteered(node, "203.0.113.1");
      const { node: said, warnings } = await node.daemon.status();
      expect(said.announcedAddresses).toEqual([`2001:db8::${node.name === "six" ? 7 : 8}`]);
      expect(said.mtu).toBe(1420);
      expect(warnings.map(({ what }) => what).join()).toContain("no IPv4 address");
      await reachesUnseen(node, "2001:db8::1");
      const send = "echo packet > /dev/udp/203.0.113.1/9";
      expect((await node.namespace.attempt("bash", "-c", send)).stderr).toContain("No route to host");
    }
  });
});

describe("a cloud whose nodes have single addresses and a gateway", () => {
  it("its nodes go to each other's private addresses", async () => {
    const site = await lab.network("site");
    const router = await lab.node("cloud");
    await router.attach(internet.network, "203.0.113.200/24", "203.0.113.201/32", "203.0.113.202/32");
    await router.attach(site, "10.0.0.1/32");
    await router.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv4.conf.all.send_redirects=0");
    for (const last of [11, 12]) await router.run("ip", "route", "add", `10.0.0.${last}`, "dev", "eth1");
    await router.namespace.nft(`
      table ip nat {
        chain prerouting {
          type nat hook prerouting priority dstnat;
          dnat to ip daddr map { 203.0.113.201 : 10.0.0.11, 203.0.113.202 : 10.0.0.12 }
        }
        chain postrouting {
          type nat hook postrouting priority srcnat;
          oifname "eth0" snat to ip saddr map { 10.0.0.11 : 203.0.113.201, 10.0.0.12 : 203.0.113.202 }
          ct status dnat snat to ip saddr map { 10.0.0.11 : 203.0.113.201, 10.0.0.12 : 203.0.113.202 }
        }
      }`);
    const own = newCluster();
    const nodes: LabNode[] = [];
    for (const last of [11, 12]) {
      const node = await lab.node(`c${last}`);
      await node.attach(site, `10.0.0.${last}/32`);
      await node.run("ip", "route", "add", "10.0.0.1", "dev", "eth0");
      await node.run("ip", "route", "add", "default", "via", "10.0.0.1", "dev", "eth0", "onlink");
      nodes.push(node);
    }
    for (const node of nodes) await node.start({ cluster: own, services: [internet.discovery.url] });
    const [first, second] = nodes as [LabNode, LabNode];
    await first.daemon.waitForStatus(
      "the way inside",
      ({ peers: [peer] }) => peer?.state === "up" && peer.endpoint === "10.0.0.12:51820",
    );
    await second.daemon.waitForStatus(
      "the way inside",
      ({ peers: [peer] }) => peer?.state === "up" && peer.endpoint === "10.0.0.11:51820",
    );
    await waitFor(() => first.reaches("10.0.0.12"), { what: "an answer" });
    // The public address that the router translates is the node's own once the node has it.
    await second.address("lo", "203.0.113.202/32");
    await isSteered(first, "203.0.113.202");
    await reachesUnseenOn(site, first, "203.0.113.202");
  });
});
