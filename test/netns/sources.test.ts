import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import type { Prefix } from "../../src/net/index.ts";
import { asked, counted, say, serve, take } from "./talk.ts";

/*
 * Sources from which no peer takes a packet: machines behind a node that is their gateway, and addresses of a node that
 * it does not announce. They get into the mesh with an address of the node, and never out in clear.
 *
 *   client 192.168.50.10, fd50::10
 *      | LAN
 *   a 203.0.113.1          b 203.0.113.2     x 203.0.113.66, no member
 *     2001:db8::1            2001:db8::2       2001:db8::66
 *   ===+======================+================+=== internet
 */
let lab: Lab;
let internet: Network;
let hub: LabNode;
let [a, b, x, client, podB]: LabNode[] = [];
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host, hub: service } = await publicNetwork(lab);
  [internet, hub] = [network, service];
  const lan = await lab.network("lan");
  [a, b, x] = [await host("a", 1), await host("b", 2), await host("x", 66)];
  client = await lab.node("client");
  await client.attach(lan, "192.168.50.10/24", "fd50::10/64");
  await client.defaultRoute("192.168.50.1");
  await client.run("ip", "-6", "route", "add", "default", "via", "fd50::1");
  await a.attach(lan, "192.168.50.1/24", "fd50::1/64");
  for (const [each, last] of [
    [a, "1"],
    [b, "2"],
    [x, "66"],
  ] as const) {
    await each.address("eth0", `2001:db8::${last}/64`);
    await each.run("ip", "-6", "route", "add", "default", "via", "2001:db8::9");
  }
  await a.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
  await a.namespace.nft(`table inet gateway {
    chain out { type nat hook postrouting priority srcnat
      oifname "eth0" masquerade
    }
    chain in { type nat hook prerouting priority dstnat
      ip daddr 203.0.113.1 tcp dport 8080 dnat ip to 192.168.50.10:7000
    }
  }`);
  podB = await b.pod(2, "fd44:2");
  await serve(client, 7000, "from the LAN");
  await serve(b, 7000, "from b");
  for (const target of targets) expect(await client.ping(target)).toEqual({ sent: 3, received: 3 });
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start(options);
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24", "fd44:2::/64"] } });
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets) await waitFor(() => node(a).reaches(target), { what: target });
});

afterAll(() => lab.close());

const targets = ["203.0.113.2", "2001:db8::2"];

/** What crosses the internet in clear of those who are in the mesh, meanwhile. */
async function inClear(act: () => Promise<unknown>): Promise<string[]> {
  const capture = await Capture.start(lab, internet);
  await act();
  await capture.stop();
  return capture.lines(
    "not udp port 51820 and (host 203.0.113.2 or host 203.0.113.5 or host 2001:db8::2 or host 10.244.2.2 or host fd44:2::2)" +
      " and not host 203.0.113.9 and not host 203.0.113.66 and not host 2001:db8::66 and not arp" +
      " and not (icmp6 and ip6[40] >= 130 and ip6[40] <= 143)",
  );
}

const entered = async (): Promise<number> => (await node(a).daemon.status()).masqueraded;
const refused = async (): Promise<number> => (await node(a).daemon.status()).dropped.unaccepted;

describe("machines behind a node that is their gateway", () => {
  it("reach the peers' addresses, with an address of the node, which status counts", async () => {
    const before = await entered();
    const clear = await inClear(async () => {
      for (const target of targets) {
        expect(await node(client).ping(target)).toEqual({ sent: 3, received: 3 });
        expect(
          await asked(node(client), target.includes(":") ? "fd50::10" : "192.168.50.10", target, 7000),
        ).toMatch(target.includes(":") ? /^from b .*fd/ : /^from b .*203\.0\.113\.1/);
      }
    });
    expect(clear).toEqual([]);
    expect((await entered()) - before).toBe(4);
    expect((await node(a).daemon.command("status")).stdout).toMatch(
      /^translated: +\d+ connections into the mesh/m,
    );
  });

  it("are reached by what the node publishes of them", async () => {
    const clear = await inClear(async () => {
      expect(await asked(node(b), "203.0.113.2", "203.0.113.1", 8080)).toMatch(
        /^from the LAN .*203\.0\.113\.2/,
      );
    });
    expect(clear).toEqual([]);
  });

  it("do not get at the peers' pods", async () => {
    const before = await refused();
    const clear = await inClear(async () => {
      for (const target of ["10.244.2.2", "fd44:2::2"])
        expect((await node(client).ping(target)).received).toBe(0);
    });
    expect(clear).toEqual([]);
    expect((await refused()) - before).toBe(6);
  });
});

describe("who is not behind the node does not get into the mesh through it", () => {
  it.each([
    ["203.0.113.66", "203.0.113.1", "203.0.113.2"],
    ["203.0.113.66", "203.0.113.1", "10.244.2.2"],
    ["192.168.50.66", "203.0.113.1", "203.0.113.2"], // the LAN's, forged
    ["2001:db8::66", "2001:db8::1", "2001:db8::2"],
    ["fd50::66", "2001:db8::1", "fd44:2::2"],
  ])("%s by %s to %s", async (source, gateway, target) => {
    await take(node(x), source);
    await node(x).run("ip", "route", "replace", target, "via", gateway, "dev", "eth0");
    const at = target.includes("44") ? node(podB) : node(b);
    const header = source.includes(":") ? "ip6" : "ip";
    const own = header === "ip" ? "203.0.113.1" : (await node(a).daemon.status()).node.address;
    const before = await refused();
    const seen = await counted(
      at,
      `chain c { type filter hook input priority 0; ${header} saddr { ${source}, ${own} } udp dport 900-909 counter name seen; }`,
      ["seen"],
      async () => {
        await say(node(x), "udp", source, 9, target, 900, 909);
        expect(await node(a).reaches("203.0.113.2")).toBe(true);
      },
    );
    expect(seen).toEqual({ seen: 0 });
    expect((await refused()) - before).toBe(10);
    await node(x).run("ip", "route", "del", target, "via", gateway, "dev", "eth0");
  });
});

describe("an address of the node that it does not announce", () => {
  it.each([
    ["10.99.0.1", "203.0.113.2"],
    ["fd99::1", "2001:db8::2"],
  ])("%s reaches %s with another address of the node", async (source, target) => {
    // Where kube-proxy keeps the addresses of Services, which no node announces.
    const link = "kube-ipvs0";
    await node(a).namespace.attempt("ip", "link", "add", link, "type", "bridge");
    await node(a).run("ip", "link", "set", link, "up");
    await node(a).address(link, `${source}/${source.includes(":") ? 128 : 32}`);
    const before = await entered();
    const clear = await inClear(async () => {
      const { stdout } = await node(a).namespace.attempt(
        "ping",
        "-n",
        "-c",
        "3",
        "-i",
        "0.1",
        "-W",
        "2",
        "-I",
        source,
        target,
      );
      expect(stdout).toContain("3 packets transmitted, 3 received");
      expect(await asked(node(a), source, target, 7000)).toContain("from b");
    });
    expect(clear).toEqual([]);
    expect((await entered()) - before).toBe(2);
  });
});

it("a network that the node advertises keeps its addresses", async () => {
  expect(await node(b).ping("203.0.113.1")).toEqual({ sent: 3, received: 3 });
  const before = await entered();
  expect(await node(podB).ping("203.0.113.1")).toEqual({ sent: 3, received: 3 });
  expect(await node(a).ping("10.244.2.2")).toEqual({ sent: 3, received: 3 });
  expect((await entered()) - before).toBe(0);
});

describe("a node of which peers accept no address of a family", () => {
  it("refuses what it would send them, and says so", async () => {
    const lonely = await lab.node("lonely");
    await lonely.attach(internet, "2001:db8::4/64");
    await lonely.run("ip", "-6", "route", "add", "default", "via", "2001:db8::9");
    // As CLAT makes it: a link with an address that only this node knows, by which IPv4 leaves.
    await lonely.run("ip", "tuntap", "add", "clat", "mode", "tun");
    await lonely.run("ip", "link", "set", "clat", "up");
    await lonely.run("ip", "address", "add", "169.254.77.1/32", "dev", "clat");
    await lonely.run("ip", "route", "add", "default", "dev", "clat", "src", "169.254.77.1");
    const second = new Discovery(hub, "2001:db8::9");
    await hub.address("eth0", "2001:db8::9/64");
    await second.start();
    const services = [second.url];
    const own = newCluster();
    const other = await lab.node("other");
    await other.attach(internet, "203.0.113.5/24", "2001:db8::5/64");
    await lonely.start({ cluster: own, services });
    await other.start({ cluster: own, services });
    await Promise.all([lonely.daemon.waitForPeers("other"), other.daemon.waitForPeers("lonely")]);
    await waitFor(() => lonely.reaches("2001:db8::5"), { what: "IPv6" });
    const clear = await inClear(async () => {
      const { stdout } = await lonely.namespace.attempt("ping", "-n", "-c", "3", "-i", "0.1", "203.0.113.5");
      expect(stdout).not.toContain("bytes from");
    });
    expect(clear).toEqual([]);
    const status = await lonely.daemon.status();
    expect(status.warnings.map(({ who }) => who)).toContain("IPv4 of this node");
    expect((await other.ping("2001:db8::4")).received).toBe(3);
  });
});

it("who comes by the link of the default route is not behind the node, by whichever link it reaches the peer", async () => {
  const back = await lab.network("back");
  await node(a).attach(back, "10.7.0.1/24");
  await node(b).attach(back, "10.7.0.2/24");
  await node(a).daemon.waitForStatus("b's other address", ({ peers }) =>
    peers.some(({ allowedIPs }) => allowedIPs.includes("10.7.0.2/32" as Prefix)),
  );
  await waitFor(() => node(a).reaches("10.7.0.2"), { what: "b at its other address" });
  await take(node(x), "203.0.113.66");
  await node(x).run("ip", "route", "replace", "10.7.0.2", "via", "203.0.113.1", "dev", "eth0");
  const [before, refusedBefore] = [await entered(), await refused()];
  const seen = await counted(
    node(b),
    "chain c { type filter hook input priority 0; ip saddr { 203.0.113.66, 203.0.113.1, 10.7.0.1 } udp dport 900-909 counter name seen; }",
    ["seen"],
    async () => {
      await say(node(x), "udp", "203.0.113.66", 9, "10.7.0.2", 900, 909);
      expect(await node(a).reaches("10.7.0.2")).toBe(true);
    },
  );
  expect((await refused()) - refusedBefore).toBe(10);
  expect(seen).toEqual({ seen: 0 });
  expect(await entered()).toBe(before);
});
