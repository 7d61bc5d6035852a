import { afterAll, beforeAll, expect, it } from "vitest";
import { type ConfigOptions, Discovery, Lab, type LabNode, newCluster, waitFor } from "../../lab/index.ts";

/*
 *   b 203.0.113.2   c 203.0.113.3   service 203.0.113.9
 *        |               |               |
 *   =====+===============+===============+====== internet
 *                        |
 *                 nat 203.0.113.1
 *                        |
 *   ===== site 192.168.1.0/24
 *                        |
 *                 a 192.168.1.11
 *
 * Nobody can dial a: its router changes its port for everyone. So a has to find the one endpoint of b that answers.
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;
/** Nobody else is to tell where b answers. */
const mesh = { harvestExtraEndpoints: false };

/** Each in its own way; in the order in which they are dialled. */
const dead = [
  "192.168.1.77:51820", // in a's own network, where nobody has it
  "203.0.113.77:51820", // nobody has this address
  "198.51.100.1:51820", // no way leads there
  "203.0.113.9:51820", // nobody listens at this port
  "203.0.113.3:51820", // another node's WireGuard, which does not know these keys
];
const alive = "203.0.113.2:51820";

beforeAll(async () => {
  lab = await Lab.open();
  const internet = await lab.network("internet");
  const at = async (name: string, last: number): Promise<LabNode> => {
    const node = await lab.node(name);
    await node.attach(internet, `203.0.113.${last}/24`);
    await node.defaultRoute("203.0.113.254");
    return node;
  };
  b = await at("b", 2);
  const stranger = await at("c", 3);
  const host = await at("service", 9);
  const site = await lab.network("site");
  const nat = await lab.router("nat");
  await nat.attach(internet, "203.0.113.1/24");
  await nat.attach(site, "192.168.1.1/24");
  await nat.translate("masquerade fully-random");
  a = await lab.node("a");
  await a.attach(site, "192.168.1.11/24");
  await a.defaultRoute("192.168.1.1");
  const discovery = new Discovery(host, "203.0.113.9");
  await discovery.start();
  options = { cluster: newCluster(), services: [discovery.url], mesh, daemon: { connect: "serial" } };
  await stranger.start({ ...options, cluster: newCluster() });
});

afterAll(() => lab.close());

/** Addresses out there, b's own for one, are announced only where they are named here. */
const announcing = (...endpoints: readonly string[]): ConfigOptions => ({
  ...options,
  mesh: { ...mesh, filters: { endpoints: ["!203.0.113.0/24"] } },
  extraEndpoints: endpoints,
});

/** Where a dialled b, in order. */
const dialled = async (): Promise<string[]> =>
  [...(await a.daemon.log()).matchAll(/(?:add|dial) b at ([\d.:]+)/g)].map(([, endpoint]) => endpoint ?? "");

const connected = (): Promise<unknown> =>
  Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);

it("a peer that announces five dead endpoints before the good one is connected all the same", async () => {
  await a.start(announcing()); // members tell a where they see it; b is not to dial it there
  await b.start(announcing(...dead, alive));
  await connected(); // at the reference's pace, half a minute for each endpoint, this would take two and a half
  const [peer] = (await a.daemon.status()).peers;
  // Where it was connected comes first from then on; in which order they were dialled is asked below.
  expect(peer).toMatchObject({ endpoint: alive });
  expect(peer?.candidates.map(({ endpoint }) => endpoint)).toEqual([alive, ...dead]);
  expect(peer?.candidates.slice(0, 2)).toEqual([
    { endpoint: alive, kind: "last-working", reason: "connected there before" },
    {
      endpoint: dead[0],
      kind: "shared-network",
      reason: "in 192.168.1.0/24, a network of this node",
    },
  ]);
  expect((await dialled()).slice(0, 6)).toEqual([...dead, alive]);
  await waitFor(() => a.reaches("203.0.113.2"), { what: "an answer through the mesh" });
});

it("a good endpoint that is announced after all others failed is dialled, too", async () => {
  // With a new identity nobody knows where it was connected before, which would be dialled whatever it announces.
  await b.daemon.command("down", "--forget-identity");
  await b.daemon.ended();
  await a.daemon.waitForPeers();
  const before = (await dialled()).length;
  await b.start(announcing(...dead));
  await waitFor(async () => (await dialled()).length > before + dead.length, { what: "a second round" });
  await b.daemon.waitForStatus("a as a peer that is down", ({ peers }) => peers[0]?.state === "down");
  await b.daemon.configure(announcing(...dead, alive));
  b.daemon.signal("SIGHUP");
  await connected();
  expect((await dialled()).at(-1)).toBe(alive);
});
