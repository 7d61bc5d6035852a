import { afterAll, beforeAll, expect, it } from "vitest";
import { type LabNode, PingStream, plantIdentity, waitFor } from "../../lab/index.ts";
import { RelayWorld, wayFrom } from "./relay-world.ts";

/*
 * A virtual IP of two nodes that are reached only by a third node's relay. Whoever has it is asked by no handshake of its
 * own: a relay's answer says nothing of the node behind it.
 *
 *    r 203.0.113.10, relays      d 203.0.113.30      discovery 203.0.113.9
 *        |                        |                       |
 *   =====+====+===================+=======================+== internet
 *             |                                |
 *   NAT 203.0.113.1, symmetric       NAT 203.0.113.2, symmetric
 *             |                                |
 *   a 192.168.1.11             b 192.168.2.11     c 192.168.2.12
 */
let world: RelayWorld;
let [a, b, c, d]: LabNode[] = [];
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

const virtual = "192.168.2.50";

beforeAll(async () => {
  world = await RelayWorld.open();
  [a] = await world.behind("a", 1);
  const site = await world.site("b", 2);
  [b, c] = [await site.host("b", 11), await site.host("c", 12)];
  d = await world.internet.host("d", 30);
  // Both orders of ids, as the address goes to and fro.
  await plantIdentity(b, { first: "3", hardwareAddress: "52:54:00:00:00:02" });
  await plantIdentity(c, { first: "K", hardwareAddress: "52:54:00:00:00:03" });
  // No direct path is to be guessed: a holder that is reached directly is asked by handshakes of its own.
  const options = { ...world.options, daemon: { portGuessing: false } };
  await world.relay("r", 10);
  for (const each of [a, b, c, d]) await each.start(options);
  await a.daemon.waitForPeers("b", "c", "d", "r");
  for (const holder of [b, c])
    expect(await wayFrom(a, holder.name)).toMatchObject({ kind: "relayed", via: "r" });
});

afterAll(() => world.lab.close());

const owner = async (): Promise<string | undefined> =>
  (await node(a).daemon.status()).peers.find(({ allowedIPs }) =>
    allowedIPs.some((each) => each === `${virtual}/32`),
  )?.label;

const hold = (holder: LabNode): Promise<string> =>
  holder.run("ip", "address", "add", `${virtual}/32`, "dev", "eth0");
const leave = (holder: LabNode): Promise<string> =>
  holder.run("ip", "address", "del", `${virtual}/32`, "dev", "eth0");

const picture = async (): Promise<string> =>
  `${await node(a).run("wg", "show")}\n${(await node(a).daemon.command("status")).stdout}`;

/** Waits until that node gets what a sends there, and answers. */
const follows = (holder: LabNode): Promise<true> =>
  waitFor(async () => (await node(a).reaches(virtual)) && (await owner()) === holder.name, {
    what: `${holder.name} to get what is sent to ${virtual}`,
    describe: picture,
  });

/** The holder dies without a word: its link is down. Until then a reaches it by the relay. */
async function die(holder: LabNode): Promise<void> {
  expect(await wayFrom(node(a), holder.name)).toMatchObject({ kind: "relayed", via: "r" });
  await holder.run("ip", "link", "set", "eth0", "down");
}

/** The machine comes back without the virtual IP, as a backup of keepalived does, and says so. */
async function comeBack(holder: LabNode): Promise<void> {
  await leave(holder);
  await holder.run("ip", "link", "set", "eth0", "up");
  await holder.defaultRoute("192.168.2.1");
  await node(a).daemon.waitForStatus(
    `${holder.name} to be back without ${virtual}`,
    ({ peers, warnings }) =>
      peers.some(({ label, state }) => label === holder.name && state === "up") &&
      !warnings.some(({ what }) => what.includes(virtual)),
  );
}

it("a virtual IP follows its holder behind a relay, however often it moves", async () => {
  await hold(node(b));
  await follows(node(b));
  for (const [from, to] of [
    [b, c],
    [c, b],
  ] as const) {
    await leave(node(from));
    await hold(node(to));
    await follows(node(to));
  }
});

it("it follows from a holder behind a relay that died without a word, and stays when that one is back", async () => {
  await die(node(b));
  await hold(node(c));
  await follows(node(c));
  // What the former holder said last names the address still: it is not to be believed before it has said something new.
  const stream = await PingStream.start(node(a), virtual);
  await comeBack(node(b));
  await stream.moreAnswers(10);
  expect((await stream.stop()).lost).toBe(0);
  expect(await owner()).toBe("c");
});

it("it follows from a dead holder behind a relay before anything is sent there", async () => {
  await die(node(c));
  await hold(node(b));
  await waitFor(async () => (await owner()) === "b", { what: `b to own ${virtual}`, describe: picture });
  await follows(node(b));
  await comeBack(node(c));
});

it("it follows from behind a relay to a node that is reached directly, and back", async () => {
  await die(node(b));
  await hold(node(d));
  await follows(node(d));
  await comeBack(node(b));
  await node(d).run("ip", "link", "set", "eth0", "down");
  await hold(node(b));
  await follows(node(b));
});
