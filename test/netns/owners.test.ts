import { afterAll, beforeAll, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * Networks that change hands. b and c both hold the first address of each network, so whoever gets it answers.
 *
 *   a 203.0.113.1    b 203.0.113.2    c 203.0.113.3
 *   ===+================+================+=== internet
 */
let lab: Lab;
let internet: Network;
let a: LabNode;
let b: LabNode;
let c: LabNode;
let options: ConfigOptions;

const addresses = ["10.50.0.1", "10.60.0.1", "10.70.0.1", "10.70.0.129"];

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const node of [b, c])
    for (const address of addresses)
      await node.run("ip", "address", "add", `${address}/32`, "dev", "lo", "scope", "host");
  await a.start(options);
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.50.0.0/24", "10.70.0.0/24"] } });
  await c.start({ ...options, daemon: { advertisedPrefixes: ["10.60.0.0/24"] } });
  await Promise.all([
    a.daemon.waitForPeers("b", "c"),
    b.daemon.waitForPeers("a", "c"),
    c.daemon.waitForPeers("a", "b"),
  ]);
});

afterAll(() => lab.close());

async function advertise(node: LabNode, ...networks: string[]): Promise<void> {
  await node.daemon.configure({ ...options, daemon: { advertisedPrefixes: networks } });
  node.daemon.signal("SIGHUP");
}

/** Waits until that node gets what a sends there, and answers. */
async function owned(address: string, owner: LabNode): Promise<void> {
  const table = "inet probe";
  await owner.namespace.nft(
    `table ${table} { counter seen { }\nchain c { type filter hook input priority 0; iifname "kubespan" ip daddr ${address} icmp type echo-request counter name seen; }\n}`,
  );
  try {
    await waitFor(
      async () =>
        (await a.reaches(address)) &&
        !(await owner.run("nft", "list", "counters", "table", ...table.split(" "))).includes("packets 0"),
      { what: `${owner.name} to get what is sent to ${address}`, describe: () => a.run("wg", "show") },
    );
  } finally {
    await owner.run("nft", "delete", "table", ...table.split(" "));
  }
}

const swaps = async (): Promise<string[]> =>
  (await a.daemon.log()).split("\n").filter((line) => line.includes('"stage":"swap"'));

it("two networks change places", async () => {
  await owned("10.50.0.1", b);
  await owned("10.60.0.1", c);
  const table = await a.run("nft", "-s", "list", "table", "inet", "talos_kubespan");
  await advertise(b, "10.60.0.0/24", "10.70.0.0/24");
  await advertise(c, "10.50.0.0/24");
  await owned("10.50.0.1", c);
  await owned("10.60.0.1", b);
  await waitFor(async () => (await a.run("nft", "-s", "list", "table", "inet", "talos_kubespan")) === table, {
    what: "the same targets as before",
  });
});

it("a network that is cut in two, and joined again, changes no target, and nothing of it leaves in clear", async () => {
  await owned("10.70.0.1", b);
  await owned("10.70.0.129", b);
  const before = await swaps();
  const capture = await Capture.start(lab, internet);
  const pings = await PingStream.start(a, "10.70.0.129", 0.005);

  await advertise(b, "10.60.0.0/24", "10.70.0.0/25", "10.70.0.128/25");
  await advertise(c, "10.50.0.0/24", "10.70.0.128/25");
  await owned("10.70.0.1", b);
  await advertise(b, "10.60.0.0/24", "10.70.0.0/24"); // the longer one wins
  await owned("10.70.0.129", c);
  await advertise(c, "10.50.0.0/24");
  await owned("10.70.0.129", b);

  await pings.moreAnswers(20);
  await pings.stop();
  await capture.stop();
  expect(await capture.lines("net 10.70.0.0/24")).toEqual([]);
  expect(await swaps()).toEqual(before);
});

const listed = (set: string): Promise<string> => a.run("nft", "list", "set", "inet", "talos_kubespan", set);

it("without networks of pods there are none in the table", async () => {
  await advertise(b);
  await advertise(c);
  await waitFor(async () => !(await listed("kubespan_blocks_ipv4")).includes("elements"), {
    what: "an empty set",
  });
  expect(await listed("kubespan_hosts_ipv4")).toContain("203.0.113.2");
  await owned("203.0.113.2", b);
});
