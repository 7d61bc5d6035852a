import { statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  type Cluster,
  Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  stateDirectory,
  waitFor,
} from "../../lab/index.ts";

/*
 *   outside 203.0.113.99   public 203.0.113.10, discovery service
 *        |                    |
 *   =====+====================+====== internet ============+==========
 *                             |                            |
 *                      nat1 203.0.113.1             nat2 203.0.113.2
 *                             |                            |
 *   === site1 192.168.1.0/24 =+===     === site2 192.168.1.0/24 ======
 *                 |                          |               |
 *              b .11                      c .21            d .22
 *
 * Behind each node a pod network, 10.244.1.0/24 to 10.244.4.0/24. Both sites use the same addresses.
 */
let lab: Lab;
let internet: Network;
let outside: LabNode;
let cluster: Cluster;
const nodes: LabNode[] = [];
const pods: LabNode[] = [];
const names = ["public", "b", "c", "d"];
const addresses = ["203.0.113.10", "192.168.1.11", "192.168.1.21", "192.168.1.22"];
let discovery: Discovery;

beforeAll(async () => {
  lab = await Lab.open();
  cluster = newCluster();
  internet = await lab.network("internet");
  outside = await lab.node("outside");
  await outside.attach(internet, "203.0.113.99/24");
  const node = await lab.node("public");
  await node.attach(internet, "203.0.113.10/24");
  await node.defaultRoute("203.0.113.99");
  nodes.push(node);
  await site("1", { b: "192.168.1.11" });
  await site("2", { c: "192.168.1.21", d: "192.168.1.22" });
  for (const [index, each] of nodes.entries()) pods.push(await each.pod(index + 1));
  discovery = new Discovery(node, "203.0.113.10");
  await discovery.start();
  for (const [index, each] of nodes.entries())
    await each.start({
      cluster,
      services: [discovery.url],
      mesh: { harvestExtraEndpoints: true },
      // c and d share a NAT, which can keep a port for one of them only.
      daemon: {
        advertisedPrefixes: [`10.244.${index + 1}.0/24`],
        listenPort: each.name === "d" ? 51821 : 51820,
      },
    });
});

afterAll(() => lab.close());

async function site(name: string, members: Readonly<Record<string, string>>): Promise<void> {
  const network = await lab.network(`site${name}`);
  const router = await lab.router(`nat${name}`);
  await router.attach(internet, `203.0.113.${name}/24`);
  await router.attach(network, "192.168.1.1/24");
  await router.translate();
  for (const [member, address] of Object.entries(members)) {
    const node = await lab.node(member);
    await node.attach(network, `${address}/24`);
    await node.defaultRoute("192.168.1.1");
    nodes.push(node);
  }
}

const allUp = (): Promise<unknown> =>
  Promise.all(nodes.map((node) => node.daemon.waitForPeers(...names.filter((name) => name !== node.name))));

/** The status of a node. A daemon on a machine that is slow enough may not answer in time, and is asked again. */
const askedStatus = (node: LabNode) =>
  waitFor(() => node.daemon.status(), { what: `an answer of ${node.name}` });

const reached = (from: LabNode, target: string): Promise<boolean> =>
  waitFor(() => from.reaches(target), { what: `an answer from ${target} to ${from.name}` });

describe("nodes behind NATs", () => {
  it("all find each other, also two behind one NAT", async () => {
    await allUp();
  });

  it("reach each other's addresses and pods, and nothing of it crosses the internet in clear", async () => {
    await allUp();
    const statuses = await Promise.all(nodes.map(askedStatus));
    const capture = await Capture.start(lab, internet);
    for (const [index, from] of nodes.entries())
      for (const other of nodes.keys()) {
        if (index === other) continue;
        await reached(from, statuses[other]?.node.address ?? "");
        await reached(from, addresses[other] ?? "");
        await reached(pods[index] ?? from, `10.244.${other + 1}.2`);
      }
    await capture.stop();
    const pings6 = "(icmp6 and (ip6[40] == 128 or ip6[40] == 129))";
    const clear = `net 10.244.0.0/16 or net 192.168.0.0/16 or icmp or ${pings6}`;
    expect(await capture.lines(clear)).toEqual([]);
    expect((await capture.lines("udp")).length).toBeGreaterThan(0);
  });

  it("send everything else as before", async () => {
    const others = nodes.slice(1);
    for (const from of others) await reached(from, "203.0.113.99");
    const capture = await Capture.start(lab, internet);
    let sent = 0;
    for (const from of others) sent += (await from.ping("203.0.113.99")).sent;
    await capture.stop();
    // Each ping is seen in clear, so none went into the mesh, whatever else goes through it meanwhile.
    const pings = await capture.lines("icmp[icmptype] == icmp-echo and dst host 203.0.113.99");
    expect(pings.length).toBe(sent);
    expect(sent).toBeGreaterThanOrEqual(9);
  });
});

describe("what is left in the kernel", () => {
  it("is the documented table, its rules word for word", async () => {
    const rules = (await nodes[1]?.run("nft", "-s", "list", "table", "inet", "talos_kubespan")) ?? "";
    for (const line of [
      "type filter hook prerouting priority 20; policy accept;",
      "type route hook output priority filter; policy accept;",
      "meta mark & 0x00000060 == 0x00000020 accept",
      "ip daddr @kubespan_targets_ipv4 meta mark set meta mark & 0xffffffdf | 0x00000040 accept",
      "ip6 daddr @kubespan_targets_ipv6 meta mark set meta mark & 0xffffffdf | 0x00000040 accept",
    ])
      expect(rules).toContain(`\t\t${line}\n`);
  });

  it("is one rule for each family, and a table with the link as its only way, and a barrier behind it", async () => {
    for (const family of ["-4", "-6"]) {
      const rules = await nodes[1]?.run("ip", family, "rule");
      expect(rules?.split("\n").filter((line) => line.startsWith("32500:"))).toEqual([
        "32500:\tfrom all fwmark 0x40/0x60 lookup 180",
      ]);
      expect(await nodes[1]?.run("ip", family, "route", "show", "table", "180")).toMatch(
        /^default dev kubespan (scope link )?src \S+ (metric 1024 )?mtu 1420( pref medium)? *\nunreachable default.*\n$/,
      );
    }
  });

  it("is a device with mark, port, preshared keys and keepalives", async () => {
    const [device, ...peers] = ((await nodes[1]?.run("wg", "show", "kubespan", "dump")) ?? "")
      .trim()
      .split("\n");
    expect(device?.split("\t").slice(2)).toEqual(["51820", "0x20"]);
    expect(peers).toHaveLength(3);
    for (const peer of peers) {
      const [, presharedKey, , , , , , keepalive] = peer.split("\t");
      expect([presharedKey, keepalive]).toEqual([cluster.secret, "25"]);
    }
  });
});

it("keys and the cluster secret are nowhere but in files that only root can read", async () => {
  const node = nodes[1] ?? expect.fail();
  const identity: unknown = JSON.parse(node.namespace.read(`${stateDirectory}/identity.json`));
  const { privateKey } = identity as { privateKey: string };
  expect(privateKey).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  const places = {
    log: await node.daemon.log(),
    status: JSON.stringify(await node.daemon.status()),
    table: (await node.daemon.command("status")).stdout,
    dryRun: (await node.daemon.command("run", "--dry-run")).stdout,
    service: await discovery.log(),
    commandLines: await node.run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'"),
    environments: await node.run("sh", "-c", `tr '\\0' '\\n' < /proc/${node.daemon.pid}/environ`),
  };
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, place).toBeGreaterThan(0);
    for (const secret of [privateKey, cluster.secret]) expect(text.includes(secret), place).toBe(false);
  }
  const mode = (path: string): number => statSync(node.namespace.path(path)).mode & 0o777;
  expect(mode(`${stateDirectory}/identity.json`)).toBe(0o600);
  expect(mode(stateDirectory)).toBe(0o700);
  expect(mode("/run/kubespan/kubespan.sock")).toBe(0o600);
});

it("a second look has nothing to do", async () => {
  const node = nodes[2] ?? expect.fail();
  expect((await node.daemon.command("run", "--dry-run")).stdout).toBe("nothing to do\n");
});
