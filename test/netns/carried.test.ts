import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ConnectProxy } from "../../lab/connect-proxy.ts";
import {
  type ConfigOptions,
  Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  waitFor,
} from "../../lab/index.ts";
import { certificatesIn } from "../unit/discovery/certificates.ts";
import { clearDuring } from "./in-clear.ts";

/*
 *   a .1    b .2    c .3        service .9    proxy .8
 *     |       |       |             |            |
 *   ==+=======+=======+=============+============+== internet 203.0.113.0/24
 *
 * Between caged nodes, and around them, there is no UDP.
 */
let lab: Lab;
let internet: Network;
let hub: LabNode;

beforeEach(async () => {
  lab = await Lab.open();
  internet = await lab.network("internet");
  hub = await host("service", 9);
});

afterEach(() => lab.close());

async function host(name: string, last: number): Promise<LabNode> {
  const node = await lab.node(name);
  await node.attach(internet, `203.0.113.${last}/24`);
  return node;
}

const members = async (): Promise<readonly [LabNode, LabNode, LabNode]> => [
  await host("a", 1),
  await host("b", 2),
  await host("c", 3),
];

/** Lets no UDP out of a node or into it, or what these say, if they are given. */
const cage = (
  node: LabNode,
  only = 'oifname "eth0" meta l4proto udp drop',
  from = 'iifname "eth0"',
): Promise<unknown> =>
  node.namespace.nft(`
    table inet cage {
      chain output {
        type filter hook output priority filter; policy accept;
        ${only}
      }
      chain input {
        type filter hook input priority filter; policy accept;
        ${from} meta l4proto udp drop
      }
    }
  `);

const uncage = (node: LabNode): Promise<unknown> => node.run("nft", "delete", "table", "inet", "cage");

const withRelay = async (): Promise<ConfigOptions> => {
  const discovery = new Discovery(hub, "203.0.113.9", { relay: true });
  await discovery.start();
  return { cluster: newCluster(), services: [discovery.url] };
};

/** The kinds of the ways to the peers of a node, by their names. */
const ways = async (node: LabNode): Promise<Record<string, string | undefined>> =>
  Object.fromEntries((await node.daemon.status()).peers.map(({ label, way }) => [label, way?.kind]));

const meshAddress = async (node: LabNode): Promise<string> =>
  (await node.daemon.waitForStatus("an answer", () => true)).node.address;

/** Every one of these nodes reaches every other one in the mesh. */
async function allReachAll(...nodes: readonly LabNode[]): Promise<void> {
  for (const from of nodes)
    for (const to of nodes) {
      const address = await meshAddress(to);
      if (from !== to)
        await waitFor(() => from.reaches(address), {
          what: `an answer from ${to.name} to ${from.name}`,
          describe: async () => (await from.daemon.command("status")).stdout,
        });
    }
}

it("a node without UDP joins a mesh by its TCP to the service; the direct way takes over when UDP is let again", async () => {
  const options = await withRelay();
  const [a, b, c] = await members();
  await cage(c);
  for (const node of [a, b, c]) await node.start(options);
  await Promise.all([
    a.daemon.waitForPeers("b", "c"),
    b.daemon.waitForPeers("a", "c"),
    c.daemon.waitForPeers("a", "b"),
  ]);
  await allReachAll(a, b, c);
  // Where UDP works, nothing is carried.
  expect([await ways(a), await ways(c)]).toEqual([
    { b: "direct", c: "carried" },
    { a: "carried", b: "carried" },
  ]);
  const { peers } = await a.daemon.status();
  expect(peers.find(({ label }) => label === "c")?.way).toMatchObject({ via: "http://203.0.113.9:3000" });
  const announced = [a, b, c].map(async (node) => (await node.daemon.status()).node.announcedEndpoints);
  expect((await Promise.all(announced)).flat().filter((endpoint) => endpoint.startsWith("127."))).toEqual([]);
  const target = await meshAddress(c);
  const clear = await clearDuring(lab, internet, [[a, target]], async () => {
    await uncage(c);
    await waitFor(
      async () => {
        const all = [await ways(a), await ways(c)].flatMap((each) => Object.values(each));
        return all.every((way) => way === "direct");
      },
      { what: "the direct way", describe: async () => (await c.daemon.command("status")).stdout },
    );
  });
  expect(clear).toEqual([]);
  await allReachAll(a, b, c);
});

it("between nodes of which none has UDP, all is carried; a daemon that comes back goes on with it", async () => {
  const options = await withRelay();
  const all = await members();
  const [a, b, c] = all;
  for (const node of all) await cage(node);
  for (const node of all) await node.start(options);
  await allReachAll(...all);
  expect(await ways(b)).toEqual({ a: "carried", c: "carried" });
  const before = (await a.daemon.status()).peers.find(({ label }) => label === "b")?.endpoint;
  expect(before).toMatch(/^127\.0\.0\.1:/);
  await a.daemon.stop("SIGKILL");
  await a.daemon.start();
  await a.daemon.waitForPeers("b", "c");
  await allReachAll(a, b, c);
  expect(await ways(a)).toEqual({ b: "carried", c: "carried" });
});

it("where UDP stops, the service carries what went directly, and nothing leaves in clear meanwhile", async () => {
  const options = await withRelay();
  const [a, b] = [await host("a", 1), await host("b", 2)];
  await a.start(options);
  await b.start(options);
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  expect(await ways(a)).toEqual({ b: "direct" });
  const target = await meshAddress(b);
  const clear = await clearDuring(lab, internet, [[a, target]], async ([stream]) => {
    await stream?.moreAnswers(20);
    await cage(b);
    const from = Date.now();
    await stream?.answeredAfter(from + 1000);
  });
  expect(clear).toEqual([]);
  await waitFor(async () => (await ways(a))["b"] === "carried", { what: "the other way" });
});

it("the direct way takes over without a lost packet", async () => {
  const options = await withRelay();
  const [a, c] = [await host("a", 1), await host("c", 3)];
  await cage(c);
  await a.start(options);
  await c.start(options);
  await allReachAll(a, c);
  const stream = await PingStream.start(a, await meshAddress(c), 0.05);
  await stream.moreAnswers(20);
  await uncage(c);
  await waitFor(async () => (await ways(a))["c"] === "direct" && (await ways(c))["a"] === "direct", {
    what: "the direct way",
    describe: async () => (await a.daemon.command("status")).stdout,
  });
  await stream.moreAnswers(40);
  expect(await stream.stop()).toMatchObject({ lost: 0 });
});

it("a relay that comes takes over what the service carries, where UDP reaches it", async () => {
  const options = await withRelay();
  const [a, b] = [await host("a", 1), await host("b", 2)];
  await cage(b, 'oifname "eth0" ip daddr 203.0.113.1 meta l4proto udp drop', "ip saddr 203.0.113.1");
  for (const node of [a, b]) await node.start({ ...options, daemon: { relay: { serve: false } } });
  await allReachAll(a, b);
  expect(await ways(a)).toEqual({ b: "carried" });
  const r = await host("r", 3);
  await r.namespace.sysctl("net.ipv4.ip_forward=1");
  await r.start({ ...options, daemon: { relay: { serve: true } } });
  await waitFor(async () => (await ways(a))["b"] === "relayed" && (await ways(b))["a"] === "relayed", {
    what: "the relay's way",
    describe: async () => (await a.daemon.command("status")).stdout,
  });
  await allReachAll(a, b, r);
});

it("a node whose only exit is TCP to an HTTP proxy joins, over TLS", async () => {
  const certificates = mkdtempSync(join(tmpdir(), "kubespan-carried-"));
  try {
    const { tls, caFile } = certificatesIn(certificates, "IP:203.0.113.9");
    await hub.namespace.write("/run/cert.pem", tls.cert.toString());
    await hub.namespace.write("/run/key.pem", tls.key.toString());
    const pair = { cert: "/run/cert.pem", key: "/run/key.pem" };
    const discovery = new Discovery(hub, "203.0.113.9", { tls: pair, relay: true });
    const gateway = await host("proxy", 8);
    const proxy = new ConnectProxy(gateway, "203.0.113.8");
    await Promise.all([discovery.start(), proxy.start()]);
    const daemon = { serviceCAFiles: { "service-0": "/run/ca.pem" } };
    const options = { cluster: newCluster(), services: [discovery.url], daemon };
    const [a, c] = [await host("a", 1), await host("c", 3)];
    for (const node of [a, c]) await node.namespace.write("/run/ca.pem", readFileSync(caFile, "utf8"));
    await cage(
      c,
      'oifname "eth0" ip daddr 203.0.113.8 tcp dport 3128 accept; oifname "eth0" meta nfproto ipv4 drop',
    );
    await a.start(options);
    await c.start({ ...options, daemon: { ...daemon, proxy: { url: proxy.url } } });
    await allReachAll(a, c);
    expect(await ways(c)).toEqual({ a: "carried" });
  } finally {
    rmSync(certificates, { recursive: true });
  }
});

/** Whether the log says that a peer is not reached. */
const hasTried = async (node: LabNode): Promise<boolean> =>
  /not reached|unreached/.test(await node.daemon.log());

it("nothing is carried for a node that does not want it", async () => {
  const options = await withRelay();
  const [a, c] = [await host("a", 1), await host("c", 3)];
  await cage(c);
  await a.start(options);
  await c.start({ ...options, daemon: { relay: { service: false } } });
  await waitFor(async () => (await hasTried(c)) && (await hasTried(a)), {
    what: "the attempts in vain",
    describe: () => c.daemon.log(),
  });
  const { peers } = await c.daemon.status();
  expect(peers.map(({ state, candidates }) => [state, candidates.map(({ kind }) => kind)])).toEqual([
    ["down", expect.not.arrayContaining(["carried"])],
  ]);
});
