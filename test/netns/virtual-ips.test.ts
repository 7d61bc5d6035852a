import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  plantIdentity,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * Addresses that several nodes have: a virtual IP that one has after the other, and one that all have at once.
 *
 *   a 203.0.113.1    b 203.0.113.2    c 203.0.113.3
 *   ===+================+================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let c: LabNode;

const virtual = "203.0.113.50";
const anycast = "203.0.113.60";

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  const options: ConfigOptions = { cluster: newCluster(), services: [discovery.url] };
  await plantIdentity(b, { first: "3", hardwareAddress: "52:54:00:00:00:02" });
  await plantIdentity(c, { first: "K", hardwareAddress: "52:54:00:00:00:03" });
  for (const node of [a, b, c]) await node.start(options);
  await a.daemon.waitForPeers("b", "c");
  await c.daemon.waitForPeers("a", "b");
});

afterAll(() => lab.close());

const owner = async (address: string): Promise<string | undefined> =>
  (await a.daemon.status()).peers.find(({ allowedIPs }) =>
    allowedIPs.some((each) => each === `${address}/32`),
  )?.label;

/** Waits until that node gets what a sends there, and answers. */
const follows = (address: string, holder: LabNode): Promise<true> =>
  waitFor(async () => (await a.reaches(address)) && (await owner(address)) === holder.name, {
    what: `${holder.name} to get what is sent to ${address}`,
    describe: async () => `${await a.run("wg", "show")}\n${(await a.daemon.command("status")).stdout}`,
  });

const hold = (node: LabNode, address: string): Promise<string> =>
  node.run("ip", "address", "add", `${address}/32`, "dev", "eth0");
const leave = (node: LabNode, address: string): Promise<string> =>
  node.run("ip", "address", "del", `${address}/32`, "dev", "eth0");

/** The bytes that a's WireGuard has sent to a node. */
async function sentTo(node: LabNode): Promise<number> {
  const { publicKey } = (await node.daemon.status()).node;
  const [, sent = "0"] =
    new RegExp(`^${RegExp.escape(publicKey)}\\s\\d+\\s(\\d+)$`, "m").exec(
      await a.run("wg", "show", "kubespan", "transfer"),
    ) ?? [];
  return Number(sent);
}

it("a virtual IP follows its holder, however often it moves", async () => {
  await hold(b, virtual);
  await follows(virtual, b);
  for (const [from, to] of [[b, c] as const, [c, b] as const, [b, c] as const]) {
    await leave(from, virtual);
    await hold(to, virtual);
    await follows(virtual, to);
  }
});

it("an address that two nodes have stays with the first, and is where neither is dialled first", async () => {
  await hold(b, anycast);
  await follows(anycast, b);
  const before = await sentTo(b);
  await hold(c, anycast);
  const { peers } = await a.daemon.waitForStatus("both to list it", ({ warnings }) =>
    warnings.some(({ what }) => what.includes(`does not get ${anycast}/32`)),
  );
  for (const { candidates } of peers) {
    expect(candidates.at(-1)).toMatchObject({ endpoint: `${anycast}:51820`, kind: "listed-by-several" });
    expect(candidates[0]?.kind).not.toBe("listed-by-several");
  }
  // Nobody sends anything: a asks b by the tunnel, where a race could not.
  await waitFor(async () => (await sentTo(b)) - before >= 3 * 256, {
    what: "what asks b whether it is there",
  });
  await follows(anycast, b);
});

it("both are where a node that lives has them, when one dies without a word", async () => {
  await b.run("ip", "link", "set", "eth0", "down");
  await follows(anycast, c);
  await follows(virtual, c);
});

it("a virtual IP follows to whoever takes it over from a holder that died, before anything is sent there", async () => {
  await leave(b, anycast);
  await b.run("ip", "link", "set", "eth0", "up");
  await b.run("ip", "route", "replace", "default", "via", "203.0.113.9");
  await a.daemon.waitForPeers("b", "c");
  await c.run("ip", "link", "set", "eth0", "down");
  await hold(b, virtual);
  await waitFor(async () => (await owner(virtual)) === "b", {
    what: "b to own the address that c had",
    describe: async () => (await a.daemon.command("status")).stdout,
  });
  await follows(virtual, b);
});
