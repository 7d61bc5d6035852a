import { afterAll, beforeAll, it } from "vitest";
import {
  AffiliateWatch,
  Lab,
  type LabNode,
  newCluster,
  PingStream,
  type PublicNetwork,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import type { Address, Endpoint } from "../../src/net/index.ts";

/*
 *   a 203.0.113.1   service .9        b .2 on eth0, 198.51.100.2 on eth1
 *        |             |                |               |
 *   =====+=============+=======+========+=== internet   === second 198.51.100.0/24 === a 198.51.100.1
 *                              |
 *                           nat .3 ==== site ==== c 192.168.1.11
 *
 * Everybody moves while traffic goes on. How long it took is in the output; the mesh has to heal.
 */
let lab: Lab;
let internet: PublicNetwork;
let a: LabNode;
let b: LabNode;
let c: LabNode;
let nat: Awaited<ReturnType<Lab["router"]>>;
let watch: AffiliateWatch;

beforeAll(async () => {
  lab = await Lab.open();
  internet = await publicNetwork(lab);
  [a, b] = [await internet.host("a", 1), await internet.host("b", 2)];
  const second = await lab.network("second");
  await a.attach(second, "198.51.100.1/24");
  await b.attach(second, "198.51.100.2/24");
  const site = await lab.network("site");
  nat = await lab.router("nat");
  await nat.attach(internet.network, "203.0.113.3/24");
  await nat.attach(site, "192.168.1.1/24");
  await nat.translate();
  c = await lab.node("c");
  await c.attach(site, "192.168.1.11/24");
  await c.defaultRoute("192.168.1.1");
  const cluster = newCluster();
  const options = { cluster, services: [internet.discovery.url] };
  for (const node of [a, b, c]) await node.start(options);
  await Promise.all([
    a.daemon.waitForPeers("b", "c"),
    b.daemon.waitForPeers("a", "c"),
    c.daemon.waitForPeers("a", "b"),
  ]);
  watch = new AffiliateWatch(await internet.host("watcher", 8), internet.discovery.url, cluster);
  await watch.watch("a", "b", "c");
});

afterAll(() => lab.close());

const address = async (node: LabNode): Promise<string> => (await node.daemon.status()).node.address;

/** Milliseconds from the change until a stream through the mesh is answered again. */
async function healsAfter(from: LabNode, to: LabNode, change: () => Promise<void>): Promise<number> {
  const stream = await PingStream.start(from, await address(to), 0.1);
  await change();
  const begun = performance.now();
  await stream.moreAnswers(5); // what was under way when the change came may still be answered
  const ms = performance.now() - begun;
  await stream.stop();
  return ms;
}

/** What others were told stays a candidate until it expires: only what is new is looked for. */
const announces = (node: LabNode, endpoint: Endpoint): Promise<unknown> =>
  a.daemon.waitForStatus(`${endpoint} of ${node.name}`, ({ peers }) =>
    peers.some(
      ({ label, candidates }) =>
        label === node.name && candidates.some((candidate) => candidate.endpoint === endpoint),
    ),
  );

/** Milliseconds from the change (since 1970) until the discovery service told that b has this address, or has it no more. */
const toldAfter = async (change: number, own: string, isThere: boolean): Promise<number> =>
  (await watch.toldOf("b", change, ({ addresses }) => isThere === addresses.includes(own as Address))) -
  change;

const report = (what: string, ms: number): void => console.info(`${what}: ${(ms / 1000).toFixed(1)} s`);

it("a NAT that gives a node another address and port", async () => {
  const ms = await healsAfter(c, a, async () => {
    await nat.run("ip", "address", "add", "203.0.113.33/24", "dev", "eth0");
    await nat.run("ip", "address", "delete", "203.0.113.3/24", "dev", "eth0");
    await nat.address("eth0", "203.0.113.33/24").catch(() => undefined); // it may have gone with the first one
  });
  report("another mapping", ms);
  await a.daemon.waitForStatus("c at its new mapping", ({ peers }) =>
    peers.some(({ label, endpoint }) => label === "c" && endpoint?.startsWith("203.0.113.33:") === true),
  );
  // Its connection to the service was lost, too, and nobody told it: it finds that out by itself.
  await c.daemon.waitForStatus(
    "the service's view of c",
    ({ registries }) => registries[0]?.reflected === "203.0.113.33",
  );
});

it("a node that gets another address is known there, and is reached there", async () => {
  let change = 0;
  const ms = await healsAfter(c, b, async () => {
    change = Date.now();
    await b.address("eth0", "203.0.113.22/24");
    await b.run("ip", "address", "delete", "203.0.113.2/24", "dev", "eth0");
    await b.run(
      "sh",
      "-c",
      "ip address replace 203.0.113.22/24 dev eth0; ip route replace default via 203.0.113.9",
    );
  });
  report("another address", ms);
  report("its announcement", await toldAfter(change, "203.0.113.22", true));
  await announces(b, "203.0.113.22:51820" as Endpoint);
  await c.daemon.waitForPeers("a", "b");
});

it.each([
  [
    "a network that a node leaves and comes back to",
    "ip address delete 198.51.100.2/24 dev eth1",
    "ip address add 198.51.100.2/24 dev eth1",
  ],
  ["a link that goes down and comes up again", "ip link set eth1 down", "ip link set eth1 up"],
])("%s", async (what, leave, comeBack) => {
  const announced = (isThere: boolean): Promise<unknown> =>
    b.daemon.waitForStatus(
      "its endpoints",
      ({ node }) => isThere === node.announcedEndpoints.includes("198.51.100.2:51820" as Endpoint),
    );
  const before = await address(a);
  let left = 0;
  const ms = await healsAfter(b, a, async () => {
    left = Date.now();
    await b.run(...leave.split(" "));
    await announced(false);
  });
  report(`${what}: traffic`, ms);
  report(`${what}: no longer announced`, await toldAfter(left, "198.51.100.2", false));
  const back = Date.now();
  await b.run(...comeBack.split(" "));
  await announced(true);
  report(`${what}: announced again`, await toldAfter(back, "198.51.100.2", true));
  await waitFor(() => b.reaches(before), { what: "an answer from a" });
});
