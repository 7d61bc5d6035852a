import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  type PublicNetwork,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 *   a 203.0.113.1   b 203.0.113.2   service 203.0.113.9
 *     2001:db8::1     2001:db8::2      |
 *        |               |             |
 *   =====+===============+=============+====== internet
 *
 * b announces what each test says, so that a has to find the one endpoint that answers.
 */
let lab: Lab;
let internet: PublicNetwork;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;

const dead = ["203.0.113.77:51820", "203.0.113.9:51820", "[2001:db8::77]:51820"];
const alive = { ipv4: "203.0.113.2:51820", ipv6: "[2001:db8::2]:51820" };

beforeAll(async () => {
  lab = await Lab.open();
  internet = await publicNetwork(lab);
  [a, b] = [await internet.host("a", 1), await internet.host("b", 2)];
  for (const [index, node] of [a, b].entries()) await node.address("eth0", `2001:db8::${index + 1}/64`);
  options = { cluster: newCluster(), services: [internet.discovery.url] };
});

afterAll(() => lab.close());

/** Own addresses are announced only where they are named here. */
const announcing = (...endpoints: readonly string[]): ConfigOptions => ({
  ...options,
  mesh: { filters: { endpoints: ["!0.0.0.0/0", "!::/0"] } },
  extraEndpoints: endpoints,
});

/** Where a dialled b, in order. */
const dialled = async (): Promise<string[]> =>
  [...(await a.daemon.log()).matchAll(/(?:add|dial) b at ([\d.:a-f[\]]+)/g)].map(
    ([, endpoint]) => endpoint ?? "",
  );

const connected = (): Promise<unknown> =>
  Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);

const leave = async (...nodes: readonly LabNode[]): Promise<void> => {
  for (const node of nodes) {
    await node.daemon.command("down");
    await node.daemon.ended();
  }
};

describe("a race", () => {
  it.each([
    ["IPv4", alive.ipv4],
    ["IPv6", alive.ipv6],
  ])(
    "finds the one of four endpoints that answers, over %s, and nothing else is ever dialled",
    async (_, endpoint) => {
      await b.start(announcing(...dead, endpoint));
      await a.start(announcing());
      await connected();
      const status = await a.daemon.status();
      expect(status.peers[0]).toMatchObject({ endpoint });
      expect(status.peers[0]?.roundTrips[endpoint as never]).toBeGreaterThan(0);
      expect(status.node.racing).toMatchObject({ works: true, counts: { forged: 0 } });
      // One answer to the race; another one where the path has been measured by now.
      expect(status.node.racing.counts?.answered).toBeGreaterThanOrEqual(1);
      expect((await dialled()).at(-1)).toBe(endpoint);
      for (const each of dead) expect(await dialled()).not.toContain(each);
      await waitFor(() => a.reaches("203.0.113.2"), { what: "an answer through the mesh" });
      await leave(a, b);
    },
  );
});
