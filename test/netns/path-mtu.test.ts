import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ConfigOptions,
  Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  waitFor,
} from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";

/*
 * Two sites with a narrow link in the middle. The routers there tell nobody that a packet is too large, unless a test wants it.
 *
 *   a-pod ── a 10.1.0.1 ──── r1 ──── 10.3.0.0/24, of an MTU of the test's ──── r2 ──── b 10.2.0.1 ── b-pod
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let routers: readonly LabNode[];
let pods: readonly LabNode[];
const configs: ConfigOptions[] = [];

/** Answers TCP with as many bytes as were sent, and UDP with what was sent. */
const server = `
  const { createServer } = require("node:net");
  createServer({ allowHalfOpen: true }, (socket) => {
    let bytes = 0;
    socket.on("data", (chunk) => { bytes += chunk.length; });
    socket.on("end", () => socket.end(Buffer.alloc(bytes)));
    socket.on("error", () => socket.destroy());
  }).listen(9000, "::", () => console.log("listening"));
  const udp = require("node:dgram").createSocket("udp6");
  udp.on("message", (bytes, from) => udp.send(bytes, from.port, from.address));
  udp.on("error", () => undefined);
  udp.bind(9000);
`;

/**
 * Prints what came back over TCP, and of a datagram that is repeated until it does. In IPv6 it asks over TCP alone, since no
 * smaller packets than 1280 bytes are asked of datagrams there. It ends after a minute in any case.
 */
const client = (address: string): string => `
  const size = 300_000;
  const socket = require("node:net").connect(9000, "${address}", () => socket.end(Buffer.alloc(size)));
  let bytes = 0;
  socket.on("data", (chunk) => { bytes += chunk.length; });
  const tcp = new Promise((resolve) => { socket.on("close", resolve); socket.on("error", resolve); });
  const udp = require("node:dgram").createSocket("${address.includes(":") ? "udp6" : "udp4"}");
  udp.on("error", () => undefined);
  let datagram = 0;
  const answer = ${address.includes(":")} ? undefined : new Promise((resolve) => udp.on("message", (got) => { datagram = got.length; resolve(); }));
  const again = setInterval(() => udp.send(Buffer.alloc(1390), 9000, "${address}"), 100);
  const end = () => { console.log(bytes === size ? "tcp" : "tcp hung", datagram > 0 ? "udp" : "udp lost"); process.exit(); };
  setTimeout(end, 60_000);
  void Promise.all([tcp, answer]).then(end);
`;

const transfer = async (from: LabNode, to: string): Promise<string> =>
  (await from.run(process.execPath, "-e", client(to))).trim();

/** Has the link in the middle carry packets of that size, and the routers say so or not. */
const narrow = async (mtu: number, isTold = false): Promise<void> => {
  for (const router of routers) {
    await router.run("ip", "link", "set", "eth1", "mtu", String(mtu));
    await router.namespace.nft(`
      add table ip silence
      delete table ip silence
      table ip silence { chain out { type filter hook output priority 0; ${isTold ? "" : "icmp type destination-unreachable drop;"} }; }
    `);
  }
};

beforeAll(async () => {
  lab = await Lab.open();
  const networks: readonly Network[] = await Promise.all(
    ["left", "middle", "right"].map((name) => lab.network(name)),
  );
  const [left, middle, right] = networks as [Network, Network, Network];
  [a, b] = [await lab.node("a"), await lab.node("b")];
  await a.attach(left, "10.1.0.1/24");
  await b.attach(right, "10.2.0.1/24");
  routers = await Promise.all(
    [
      { side: left, inside: "10.1.0.254/24", number: 1, far: "10.2.0.0/24" },
      { side: right, inside: "10.2.0.254/24", number: 2, far: "10.1.0.0/24" },
    ].map(async ({ side, inside, number, far }) => {
      const router = await lab.node(`r${number}`);
      await router.attach(side, inside);
      await router.attach(middle, `10.3.0.${number}/24`);
      await router.run("ip", "route", "add", far, "via", `10.3.0.${3 - number}`);
      await router.namespace.sysctl("net.ipv4.ip_forward=1");
      return router;
    }),
  );
  await a.defaultRoute("10.1.0.254");
  await b.defaultRoute("10.2.0.254");
  const discovery = new Discovery(a, "10.1.0.1");
  await discovery.start();
  pods = [await a.pod(1, "fd44:1"), await b.pod(2, "fd44:2")];
  const options = { cluster: newCluster(), services: [discovery.url] };
  await narrow(1400);
  for (const [at, node] of [a, b].entries()) {
    await node.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    const advertisedPrefixes = [`10.244.${at + 1}.0/24`, `fd44:${at + 1}::/64`];
    configs.push({ ...options, daemon: { advertisedPrefixes } });
    await node.start(configs[at] ?? expect.fail());
  }
  for (const node of [a, b, ...pods]) {
    const service = new Service(node.namespace, "server", [process.execPath, "-e", server]);
    await service.start();
    await waitFor(async () => (await service.log().catch(() => "")).includes("listening"), {
      what: "the server",
    });
  }
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
});
afterAll(() => lab.close());

/** Waits until both know that packets of that size pass, and none that are larger. */
const found = (mtu: number): Promise<unknown> =>
  Promise.all(
    [a, b].map((node) =>
      node.daemon.waitForStatus(`an MTU of ${mtu}`, ({ peers }) => peers[0]?.pathMtu?.mtu === mtu),
    ),
  );

const everyWay = async (): Promise<readonly string[]> => {
  const [podOfA, podOfB] = pods as [LabNode, LabNode];
  return Promise.all([
    transfer(a, "10.2.0.1"),
    transfer(b, "10.1.0.1"),
    transfer(podOfA, "10.244.2.2"),
    transfer(podOfB, "10.244.1.2"),
  ]);
};
const allPass = ["tcp udp", "tcp udp", "tcp udp", "tcp udp"];

const routes = async (): Promise<string> =>
  `${await a.run("ip", "route", "show", "table", "180", "proto", "180")}${await a.run("ip", "-6", "route", "show", "table", "180", "proto", "180")}`;

/** Has a take another port, so that both find each other on another way. */
async function moveTo(listenPort: number): Promise<void> {
  const config = configs[0] ?? expect.fail();
  await a.daemon.configure({ ...config, daemon: { ...config.daemon, listenPort } });
  a.daemon.signal("SIGHUP");
}

test("where only 1400 bytes pass, and nobody says so, routes have the MTU that fits", async () => {
  await found(1328);
  expect(await routes()).toMatch(/^10\.2\.0\.1 .* mtu 1328/m);
  expect(await routes()).toMatch(/^fd44:2::\/64 .* mtu 1328/m);
  expect(await everyWay()).toEqual(allPass);
  expect((await a.daemon.command("status")).stdout).toMatch(/^b +1328 /m);
});

test("where only 1280 bytes pass, they have a smaller one, in IPv6, too", async () => {
  await narrow(1280);
  await moveTo(51831);
  await found(1216);
  expect(await everyWay()).toEqual(allPass);
  const [podOfA] = pods;
  expect(await transfer(podOfA ?? expect.fail(), "fd44:2::2")).toMatch(/^tcp /);
});

test("they go when the way changes to one on which all pass", async () => {
  await narrow(1500);
  await moveTo(51832);
  await found(1420);
  await waitFor(async () => (await routes()) === "", { what: "no route of its own" });
  expect(await everyWay()).toEqual(allPass);
});

test("where routers say what passes, nothing is cut into fragments for long", async () => {
  await narrow(1280, true);
  await moveTo(51833);
  await found(1216);
  expect(await everyWay()).toEqual(allPass);
});
