import { afterAll, beforeAll, expect, it } from "vitest";
import { type LabNode, waitFor } from "../../lab/index.ts";
import { addressOf, meetBy, RelayWorld } from "./relay-world.ts";

/*
 *   a 2001:db8::1   b 2001:db8::2   r 2001:db8::10   discovery 203.0.113.9
 *      |               |               |                |
 *   ===+===============+===============+================+=== internet
 *
 * Peers are dialled over IPv6 only. What a and b send each other directly is dropped.
 */
let world: RelayWorld;
let [a, b, r]: LabNode[] = [];
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

beforeAll(async () => {
  world = await RelayWorld.open();
  [a, b, r] = [
    await world.internet.host("a", 1),
    await world.internet.host("b", 2),
    await world.internet.host("r", 10),
  ];
  await r.namespace.sysctl("net.ipv6.conf.all.forwarding=1");
  for (const [each, last] of [
    [a, 1],
    [b, 2],
    [r, 10],
  ] as const) {
    await each.address("eth0", `2001:db8::${last}/64`);
    if (last === 10) continue;
    await each.namespace.nft(`table ip6 cut {
      chain arriving {
        type filter hook prerouting priority -400;
        ip6 saddr 2001:db8::${3 - last} udp dport 51820 drop
      }
    }`);
  }
  const dial = { forbid: ["0.0.0.0/0"] };
  await r.start({ ...world.options, daemon: { dial, relay: { serve: true } } });
  for (const each of [a, b]) await each.start({ ...world.options, daemon: { dial } });
});

afterAll(() => world.lab.close());

it("two nodes reach each other by a third over IPv6", async () => {
  await meetBy("r", node(a), node(b));
  await waitFor(async () => node(a).reaches(await addressOf(node(b))), { what: "an answer from b" });
  const { peers } = await node(a).daemon.status();
  expect(peers.find(({ label }) => label === "b")?.endpoint).toBe("[2001:db8::10]:51820");
  expect((await node(r).daemon.status()).node.relay).toMatchObject({ serves: true, pairs: 1 });
});
