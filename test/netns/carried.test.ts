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

/** Lets no UDP out of a node or into it, and nothing else than this, either, if it is given. */
const cage = (node: LabNode, only = 'oifname "eth0" meta l4proto udp drop'): Promise<unknown> =>
  node.namespace.nft(`
    table inet cage {
      chain output {
        type filter hook output priority filter; policy accept;
        ${only}
      }
      chain input {
        type filter hook input priority filter; policy accept;
        iifname "eth0" meta l4proto udp drop
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

const meshAddress = async (node: LabNode): Promise<string> => (await node.daemon.status()).node.address;

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
