import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  PingStream,
  type PublicNetwork,
  plantIdentity,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * Virtual machines that all have the hardware address that QEMU gives where nobody says another one.
 *
 *   a 203.0.113.1    b 203.0.113.2    c 203.0.113.3    d 203.0.113.4    e 203.0.113.5    f 203.0.113.6
 *   ===+================+================+================+================+================+=== internet
 */
let lab: Lab;
let network: PublicNetwork;
let options: ConfigOptions;
let a: LabNode;
let b: LabNode;

const hardwareAddress = "52:54:00:12:34:56";

beforeAll(async () => {
  lab = await Lab.open();
  network = await publicNetwork(lab);
  options = { cluster: newCluster(), services: [network.discovery.url] };
  a = await network.host("a", 1);
  await a.start(options);
  b = await clone("b", 2, "7");
  await b.start(options);
  await a.daemon.waitForPeers("b");
});

afterAll(() => lab.close());

async function clone(name: string, last: number, first: string): Promise<LabNode> {
  const node = await network.host(name, last);
  await plantIdentity(node, { first, hardwareAddress });
  return node;
}

const addressOf = async (node: LabNode): Promise<string> => (await node.daemon.status()).node.address;

/** Waits until a reaches the node at its KubeSpan address, as the node itself names it. */
const isReached = (node: LabNode): Promise<true> =>
  waitFor(async () => a.reaches(await addressOf(node)), {
    what: `${node.name} to be reached at its KubeSpan address`,
    describe: async () => `${await a.run("wg", "show")}\n${await node.daemon.log()}`,
  });

it.each([
  ["higher", "c", 3, "K"],
  ["lower", "d", 4, "3"],
] as const)(
  "a later one with a %s id takes another KubeSpan address, says so, and keeps it",
  async (_order, name, last, first) => {
    const before = await addressOf(b);
    const pings = await PingStream.start(a, before, 0.05);
    const later = await clone(name, last, first);
    await later.start(options);
    // The address is there at once, and what is left out with the first pass that has it.
    const { node } = await later.daemon.waitForStatus(
      "another address, and why",
      (status) =>
        status.node.address !== before &&
        status.node.leftOut.some(
          ({ value, reason }) =>
            value === before && reason.includes("another node has the same hardware address"),
        ),
    );
    expect(await later.daemon.log()).toContain(`b has the same hardware address ${hardwareAddress}`);
    await isReached(later);
    await later.daemon.stop();
    await later.start(options);
    await isReached(later);
    expect(await addressOf(later)).toBe(node.address);
    await pings.moreAnswers(5);
    await pings.stop();
    expect(await addressOf(b)).toBe(before);
  },
);

it("two that start at once end with an address each", async () => {
  const both = [await clone("e", 5, "5"), await clone("f", 6, "9")];
  await Promise.all(both.map((node) => node.start(options)));
  const { peers } = await a.daemon.waitForStatus("an address each", (status) => {
    const addresses = status.peers.map(({ address }) => address);
    return addresses.length === 5 && new Set(addresses).size === addresses.length;
  });
  expect(peers.find(({ label }) => label === "b")?.refusedPrefixes).toEqual([]);
});
