import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import type { Status } from "../../src/api/index.ts";

/*
 * a and b are in two meshes, each with a daemon of its own for either; c is only in the second one.
 *
 *   a 203.0.113.1    b 203.0.113.2    c 203.0.113.3
 *   ===+================+================+=== internet
 */
let lab: Lab;
let [a, b, c]: LabNode[] = [];
let first: ConfigOptions;
let second: ConfigOptions;
type Daemon = Awaited<ReturnType<LabNode["start"]>>;
let [aSecond, bSecond, cSecond]: Daemon[] = [];

const there = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error("the test has not set up the lab");
  return value;
};

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  const services = [discovery.url];
  first = { cluster: newCluster(), services };
  second = {
    cluster: newCluster(),
    services,
    daemon: {
      interfaceName: "mesh-2",
      listenPort: 51900,
      stateDirectory: "/run/state2",
      runDirectory: "/run/kubespan2",
      routing: { table: 181, priority: 32400 },
      marks: { fromWireGuard: 0x100000, toWireGuard: 0x200000 },
    },
  };
});
afterAll(() => lab.close());

const repairsOf = ({ repairs }: Status): number =>
  Object.values(repairs).reduce((sum, count) => sum + count, 0);

/** What a node's kernel holds, and what its daemons know and said, for the error message. */
const stateOf = async (node: LabNode, other: Daemon): Promise<string> => {
  const told = await Promise.all(
    [node.daemon, other].map(
      async (daemon) => `${(await daemon.command("status")).stdout}${await daemon.log()}`,
    ),
  );
  return [
    await node.run("sh", "-c", "ip rule; ip -br address; wg show all latest-handshakes; nft list tables"),
    await node.run("sh", "-c", "nft list ruleset | grep -E 'chain|oifname|counter packets [1-9]|mesh-2'"),
    ...told,
  ].join("\n");
};

const allStates = async (): Promise<string> =>
  (await Promise.all([stateOf(there(a), there(aSecond)), stateOf(there(b), there(bSecond))])).join("\n");

/** All that the first mesh has in the kernel. */
const ofFirst = async (node: LabNode): Promise<string> =>
  node.run(
    "sh",
    "-c",
    `ip rule show priority 32500; ip -6 rule show priority 32500; ip route show table 180; ip -6 route show table 180
     nft -s list table inet talos_kubespan | grep -v 'packets'; nft -s list table inet kubespan_racing
     ip -o link show kubespan | grep -o 'mtu [0-9]*'; tc filter show dev eth0 egress pref 18 | grep -c bytecode`,
  );

test("two meshes on one node leave each other alone", async () => {
  const [nodeA, nodeB, nodeC] = [there(a), there(b), there(c)];
  for (const node of [nodeA, nodeB]) await node.start(first);
  [aSecond, bSecond, cSecond] = [
    await nodeA.startSecond("mesh-2", second),
    await nodeB.startSecond("mesh-2", second),
    await nodeC.startSecond("mesh-2", second),
  ];
  await nodeA.daemon.waitForPeers("b");
  await nodeB.daemon.waitForPeers("a");
  await aSecond.waitForPeers("b", "c");
  await bSecond.waitForPeers("a", "c");
  await cSecond.waitForPeers("a", "b");
  for (const target of ["203.0.113.2", "203.0.113.3"])
    await waitFor(() => nodeA.reaches(target), { what: `an answer of ${target}`, describe: allStates });
  for (const [daemon, link] of [
    [nodeA.daemon, "kubespan"],
    [aSecond, "mesh-2"],
  ] as const) {
    const { work, node, warnings } = await daemon.status();
    expect([work.state, node.mtu, node.interfaceName, warnings]).toEqual(["working", 1420, link, []]);
  }
});

test("nothing is put back, whatever each of them changes", async () => {
  const [nodeA, aDaemon, bDaemon] = [there(a), there(aSecond), there(bSecond)];
  const before = await ofFirst(nodeA);
  expect(before).toContain("mtu 1420");
  // The second mesh changes all that it has: it goes away on b and comes back there.
  await bDaemon.stop();
  await there(b).run("ip", "address", "add", "203.0.113.22/24", "dev", "eth0");
  await bDaemon.start();
  await aDaemon.waitForStatus("the new address", ({ peers }) =>
    peers.some(({ allowedIPs }) => allowedIPs.some((prefix) => prefix.startsWith("203.0.113.22/"))),
  );
  await nodeA.daemon.waitForStatus("the new address", ({ peers }) =>
    peers.some(({ allowedIPs }) => allowedIPs.some((prefix) => prefix.startsWith("203.0.113.22/"))),
  );
  for (const daemon of [nodeA.daemon, aDaemon, there(b).daemon, bDaemon])
    expect([repairsOf(await daemon.status()), await daemon.log()]).toEqual([
      0,
      expect.not.stringContaining("put back"),
    ]);
});

test("down of one leaves the other whole", async () => {
  const [nodeA, aDaemon] = [there(a), there(aSecond)];
  const before = await ofFirst(nodeA);
  expect(await aDaemon.command("down")).toMatchObject({ exitCode: 0 });
  await aDaemon.ended();
  expect(
    await nodeA.run("sh", "-c", "nft list tables; ip -br link; ip rule; tc filter show dev eth0 egress"),
  ).not.toMatch(/mesh-2|0x200000|pref (?!18 )/);
  // The daemon on b answers by the second mesh until it has heard that a left it.
  await waitFor(() => nodeA.reaches("203.0.113.2"), {
    what: "an answer by the first mesh",
    describe: allStates,
  });
  await nodeA.daemon.waitForPeers("b");
  await waitFor(async () => !(await ofFirst(nodeA)).includes("mesh-2"), {
    what: "the end of the exceptions",
  });
  expect(before).toContain('oifname "mesh-2" accept');
  expect((await ofFirst(nodeA)).split("\n").length).toBeGreaterThan(100);
  expect(repairsOf(await nodeA.daemon.status())).toBe(0);
});
