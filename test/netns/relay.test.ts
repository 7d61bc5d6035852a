import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Lab, type LabNode, PingStream, PlainMember, waitFor } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import { address } from "../unit/mesh/values.ts";
import { clearDuring } from "./in-clear.ts";
import { addressOf, RelayWorld, wayFrom } from "./relay-world.ts";

/*
 *    r 203.0.113.10   s 203.0.113.20   discovery 203.0.113.9
 *        |                |                |
 *   =====+================+================+======= internet
 *        |                                 |
 *   NAT 203.0.113.1, symmetric        NAT 203.0.113.2, symmetric
 *        |                                 |
 *   a 192.168.1.11                    b 192.168.2.11
 */
const forged = fileURLToPath(new URL("forged.pl", import.meta.url));
let world: RelayWorld;
let [a, b, r, s, p]: LabNode[] = [];
let routerOfB: Awaited<ReturnType<Lab["router"]>>;

const nodes = { a: () => a, b: () => b, r: () => r, s: () => s, p: () => p };
const node = (name: keyof typeof nodes): LabNode => nodes[name]() ?? expect.fail(`${name} is not there`);

beforeAll(async () => {
  world = await RelayWorld.open();
  [a] = await world.behind("a", 1);
  [b, routerOfB] = await world.behind("b", 2);
  r = await world.relay("r", 10);
  for (const each of [a, b]) await each.start(world.options);
});

afterAll(() => world.lab.close());

it("two nodes behind NATs that map by destination reach each other by a third, which says so", async () => {
  await node("a").daemon.waitForPeers("b", "r");
  await node("b").daemon.waitForPeers("a", "r");
  for (const [from, to] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    await waitFor(async () => node(from).reaches(await addressOf(node(to))), {
      what: `an answer from ${to} to ${from}`,
    });
    expect(await wayFrom(node(from), to)).toMatchObject({
      kind: "relayed",
      via: "r",
      why: "no direct path answered",
    });
    expect(await wayFrom(node(from), "r")).toMatchObject({ kind: "direct" });
  }
  const { relay } = (await node("r").daemon.status()).node;
  expect(relay).toMatchObject({ serves: true, pairs: 1 });
  expect(relay.bytes).toBeGreaterThan(2 * 128); // a ping and its answer, at least
});

it("nothing of it is in clear, and nothing of it is lost", async () => {
  const target = await addressOf(node("b"));
  const clear = await clearDuring(
    world.lab,
    world.internet.network,
    [[node("a"), target]],
    async ([stream]) => {
      await stream?.moreAnswers(300);
      expect((await stream?.stop())?.lost).toBe(0);
    },
  );
  expect(clear).toEqual([]);
});

it("members that somebody takes out of the relay's set come back", async () => {
  const members = async (): Promise<string[]> =>
    (await node("r").run("nft", "list", "set", "ip", "kubespan_relay", "members")).match(/\S+ \. \d+/g) ?? [];
  const before = (await members()).toSorted();
  expect(before.length).toBeGreaterThan(1);
  await node("r").run("nft", "flush", "set", "ip", "kubespan_relay", "members");
  await waitFor(async () => (await members()).toSorted().join() === before.join(), { what: "the members" });
});

it("a daemon that is killed on the relay costs no packet, and the next one goes on with what is there", async () => {
  const stream = await PingStream.start(node("a"), await addressOf(node("b")));
  await node("r").daemon.stop("SIGKILL");
  await stream.moreAnswers(100);
  await node("r").start(world.relayOptions);
  await node("r").daemon.waitForPeers("a", "b");
  await stream.moreAnswers(100);
  expect((await stream.stop()).lost).toBe(0);
  expect(await wayFrom(node("a"), "b")).toMatchObject({ kind: "relayed", via: "r" });
});

it("a device that was set up with plain wg is reached by the relay as well", async () => {
  [p] = await world.behind("p", 3);
  s = await world.relay("s", 20, { ...world.options, daemon: { relay: { serve: "auto" } } });
  const relayKey = (await node("r").daemon.status()).node.publicKey;
  const plain = new PlainMember(p, world.internet.discovery.url);
  const own = [address("10.77.0.5")];
  await plain.join(
    world.options.cluster,
    { addresses: own, networks: [] },
    { publicKey: relayKey, endpoint: "203.0.113.10:51820" },
    own,
  );
  const { publicKey } = (await node("a").daemon.status()).node;
  const secret = ["preshared-key", "/run/wg-preshared"];
  await p.run("wg", "set", "wg0", "peer", publicKey, ...secret, "allowed-ips", "192.168.1.11/32");
  await waitFor(() => node("a").reaches("10.77.0.5"), {
    what: "an answer from p",
    seconds: 90,
    describe: () =>
      node("a")
        .daemon.command("status")
        .then(({ stdout }) => stdout),
  });
  expect(await wayFrom(node("a"), "p")).toMatchObject({ kind: "relayed", via: "r" });
});

it("a member in whose name somebody forges proves to the relay that it is there, by WireGuard alone", async () => {
  const device = node("p");
  const { publicKey } = (await node("a").daemon.status()).node;
  // Its WireGuard alone is to answer: what the daemon sends by itself would give p a session, too.
  await node("a").daemon.stop("SIGKILL");
  const { node: own, peers } = await node("r").daemon.status();
  const endpoint = peers.find(({ label }) => label === "p")?.endpoint ?? expect.fail("no endpoint");
  const x = await world.internet.host("x", 66);
  const forger = new Service(x.namespace, "forger", ["perl", forged, "203.0.113.10", ...endpoint.split(":")]);
  await device.namespace.nft(`table inet counting {
    counter cookies { }
    counter proven { }
    chain arriving {
      type filter hook input priority 0;
      ip saddr 203.0.113.10 udp length 72 @th,64,32 0x03000000 counter name cookies
    }
    chain leaving {
      type filter hook output priority 0;
      ip daddr 203.0.113.10 udp length 156 @th,64,32 0x01000000 @th,1120,32 != 0 counter name proven
    }
  }`);
  const counted = async (name: string): Promise<number> =>
    Number(/packets (\d+)/.exec(await device.run("nft", "list", "counter", "inet", "counting", name))?.[1]);
  const isConnected = async (): Promise<boolean> =>
    new RegExp(`^${RegExp.escape(publicKey)}\\s+[1-9]`, "m").test(
      await device.run("wg", "show", "wg0", "latest-handshakes"),
    );
  const callAnew = async (): Promise<void> => {
    const to = ["endpoint", "203.0.113.10:51820", "persistent-keepalive", "1"];
    const peer = ["preshared-key", "/run/wg-preshared", "allowed-ips", "192.168.1.11/32", ...to];
    await device.run("wg", "set", "wg0", "peer", publicKey, "remove");
    await device.run("wg", "set", "wg0", "peer", publicKey, ...peer);
  };
  await forger.start();
  try {
    await node("r").daemon.waitForStatus(
      "refused handshakes",
      ({ node: { relay } }) => relay.refused > own.relay.refused + 20,
    );
    await callAnew();
    await waitFor(
      async () => {
        if (!(await isConnected())) return false;
        const isProven = (await counted("proven")) > 0;
        if (!isProven) await callAnew(); // one in some of what is not proven is passed on
        return isProven;
      },
      { what: "a session of p's with a", seconds: 90, describe: () => device.run("wg", "show") },
    );
    expect(await counted("cookies")).toBeGreaterThan(0);
  } finally {
    await forger.stop();
    await node("a").start(world.options);
  }
});

it("another relay takes over when one dies: one that offers itself, as others reach it unasked", async () => {
  await node("s").daemon.waitForStatus("an offer", ({ node: { relay } }) => relay.serves);
  await node("a").daemon.waitForPeers("b", "p", "r", "s");
  await node("b").daemon.waitForStatus("s", ({ peers }) =>
    peers.some(({ label, state }) => label === "s" && state === "up"),
  );
  const stream = await PingStream.start(node("a"), await addressOf(node("b")));
  await stream.moreAnswers(50); // two-way traffic, as a path in use has it
  const way = await wayFrom(node("a"), "b");
  const [used, other] =
    way?.kind === "relayed" && way.via === "s" ? (["s", "r"] as const) : (["r", "s"] as const);
  await node(used).run("ip", "link", "set", "eth0", "down");
  const cutAt = Date.now(); // so that what is answered from now on came by another relay
  const answeredAt = await stream.answeredAfter(cutAt);
  console.log(`${other} answered ${((answeredAt - cutAt) / 1000).toFixed(1)} s after ${used} died`);
  await stream.stop();
  await waitFor(async () => JSON.stringify(await wayFrom(node("a"), "b")).includes(`"via":"${other}"`), {
    what: `${other} as the relay`,
  });
});

it("a direct path takes over when one appears, without a lost packet", async () => {
  const stream = await PingStream.start(node("a"), await addressOf(node("b")), 0.01);
  await routerOfB.translate({ fullCone: "192.168.2.11" });
  await waitFor(async () => (await wayFrom(node("a"), "b"))?.kind === "direct", {
    what: "a direct path",
    seconds: 120,
    describe: () => node("a").daemon.log(),
  });
  await stream.moreAnswers(500);
  expect((await stream.stop()).lost).toBe(0);
  expect(await wayFrom(node("a"), "b")).toMatchObject({ kind: "direct" });
});
