import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Capture, type LabNode, waitFor } from "../../lab/index.ts";
import { initiationBytes, isFor, recipientKey } from "../../src/handshake/index.ts";
import { addressOf, meetBy, RelayWorld } from "./relay-world.ts";
import { counted, giveBack, take } from "./talk.ts";

/*
 *    r 203.0.113.10   x 203.0.113.66, no member   a victim's address 203.0.113.67   discovery 203.0.113.9
 *        |                |                                                             |
 *   =====+================+=============================================================+==== internet
 *        |                                 |
 *   NAT 203.0.113.1, symmetric        NAT 203.0.113.2, symmetric
 *        |                                 |
 *   a 192.168.1.11                    b 192.168.2.11
 *
 * r is the router of a machine at 10.9.0.11, which listens at the same port.
 */
const taken = fileURLToPath(new URL("taken.pl", import.meta.url));
const flood = fileURLToPath(new URL("flood.pl", import.meta.url));
const victim = "203.0.113.67";
const count = 1_000_000;
let world: RelayWorld;
let joining: Capture;
let [a, b, r, x]: LabNode[] = [];
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

beforeAll(async () => {
  world = await RelayWorld.open();
  [a] = await world.behind("a", 1);
  [b] = await world.behind("b", 2);
  joining = await Capture.start(world.lab, world.internet.network);
  r = await world.relay("r", 10);
  x = await world.internet.host("x", 66);
  for (const each of [a, b]) await each.start(world.options);
  await meetBy("r", a, b);
  await waitFor(async () => node(a).reaches(await addressOf(node(b))), { what: "an answer from b" });
  await joining.stop();
});

afterAll(() => world.lab.close());

/** A handshake of a's for b, or of b's for a, as somebody on the path to the relay sees it. */
async function seenInitiation(): Promise<string> {
  const keys: Uint8Array[] = [];
  for (const each of [a, b]) {
    const { publicKey } = (await node(each).daemon.status()).node;
    keys.push(recipientKey(new Uint8Array(Buffer.from(publicKey, "base64"))));
  }
  const lines = await joining.lines("dst host 203.0.113.10 and udp[8:4] = 0x01000000", "-x", "-t");
  const packets = lines.join("\n").split(/^(?=\S)/m);
  const bytes = packets.map((text) =>
    Buffer.from(
      text
        .split("\n")
        .slice(1)
        .map((line) => line.replace(/^\s*0x[\da-f]+:/, ""))
        .join("")
        .replaceAll(/\s/g, ""),
      "hex",
    ).subarray(-initiationBytes),
  );
  const found = bytes.find((message) => keys.some((key) => isFor(key, new Uint8Array(message))));
  return found?.toString("hex") ?? expect.fail(`no initiation among ${packets.length}`);
}

/** The entries of the relay's maps, without the time that they have left. */
async function entries(): Promise<ReadonlySet<string>> {
  const text = await node(r).run("nft", "list", "map", "ip", "kubespan_relay", "addresses");
  const found = text.matchAll(/([\d.]+) \. (\d+) \. (0x[\da-f]+) expires \S+ : ([\d.]+)/g);
  return new Set([...found].map(([, from, port, , to]) => `${from}:${port} ${to}`));
}

it("what a relay routes to another node at the same port is not passed on to a member, whatever it looks like", async () => {
  const inner = await world.lab.network("inner");
  const behind = await world.lab.node("behind");
  await node(r).attach(inner, "10.9.0.1/24");
  await behind.attach(inner, "10.9.0.11/24");
  await behind.defaultRoute("10.9.0.1");
  await node(x).run("ip", "route", "add", "10.9.0.0/24", "via", "203.0.113.10");
  const ways = await node(r).run("nft", "list", "map", "ip", "kubespan_relay", "addresses");
  const [, from = "", port = "", index = ""] = /([\d.]+) \. (\d+) \. 0x([\da-f]+)/.exec(ways) ?? [];
  const sign = "6b6e6f77";
  const data = `04000000${index.padStart(8, "0")}${sign.repeat(6)}`;
  await take(node(x), from);
  const sent = async (to: string): Promise<string[]> => {
    const capture = await Capture.start(world.lab, world.internet.network);
    await node(x).run("perl", taken, "say", from, port, to, "51820", data);
    for (const each of [a, b]) await waitFor(() => node(each).reaches("203.0.113.10"), { what: "the relay" });
    await capture.stop();
    return (await capture.lines(`udp[20:4] = 0x${sign}`)).map((line) =>
      line.split(" ").slice(2, 5).join(" "),
    );
  };
  const arrived = await counted(
    behind,
    `chain c { type filter hook input priority 0; udp dport 51820 @th,160,32 0x${sign} counter name seen; }`,
    ["seen"],
    async () => expect(await sent("10.9.0.11")).toEqual([`${from}.${port} > 10.9.0.11.51820:`]),
  );
  // What is for the relay itself is passed on, so that this would have been, too.
  const passed = await sent("203.0.113.10");
  await giveBack(node(x), from);
  expect(arrived).toEqual({ seen: 1 });
  expect(passed).toContainEqual(expect.stringMatching(/^203\.0\.113\.10\.51820 > 203\.0\.113\.[12]\./));
});

it("a million hostile packets move no entry of a relay, and have it send nothing to others", async () => {
  const relaying = node(r);
  const { peers, node: own } = await relaying.daemon.status();
  const endpoint = peers.find(({ label }) => label === "a")?.endpoint ?? expect.fail("no endpoint");
  const [member = "", port = ""] = endpoint.split(":");
  const before = await entries();
  expect(before.size).toBe(2);
  const mac = (await node(x).run("cat", "/sys/class/net/eth0/address")).trim();
  await relaying.namespace.nft(`table ip counting {
    counter arrived { }
    counter strangers { }
    chain arriving {
      type filter hook prerouting priority -320;
      ether saddr ${mac} udp dport 51820 counter name arrived
    }
    chain leaving {
      type filter hook postrouting priority 300;
      ip daddr { ${victim}, 203.0.113.66, 198.51.100.1 } counter name strangers
    }
  }`);
  const args = [String(count), "203.0.113.10", member, port, victim, await seenInitiation()];
  expect(Number(await node(x).run("perl", flood, ...args))).toBe(count);
  const packets = async (name: string): Promise<number> =>
    Number(/packets (\d+)/.exec(await relaying.run("nft", "list", "counter", "ip", "counting", name))?.[1]);
  expect(await packets("arrived")).toBeGreaterThan(count * 0.9);
  expect(await packets("strangers")).toBe(0);
  expect(await entries()).toEqual(before); // sessions that were renewed meanwhile lead the same ways
  await waitFor(async () => node(a).reaches(await addressOf(node(b))), { what: "an answer after the flood" });
  const { relay } = (await relaying.daemon.status()).node;
  expect(relay.pairs).toBe(1);
  // What was replayed from the member's endpoint was passed on to whom it is for, who refused it; but not often.
  expect(relay.passed - own.relay.passed).toBeGreaterThan(5);
  expect(relay.passed - own.relay.passed).toBeLessThan(200);
});
