import { afterAll, beforeAll, expect, it } from "vitest";
import { type LabNode, PingStream, waitFor } from "../../lab/index.ts";
import { addressOf, RelayWorld, wayFrom } from "./relay-world.ts";

/*
 *    r 203.0.113.10   discovery 203.0.113.9
 *        |                |
 *   =====+================+================+======= internet
 *        |                                 |
 *   NAT 203.0.113.1, symmetric        NAT 203.0.113.2, port-restricted
 *        |                                 |
 *   a 192.168.1.11                    b 192.168.2.11
 */
let world: RelayWorld;
let [a, b]: LabNode[] = [];
const node = (which: LabNode | undefined): LabNode => which ?? expect.fail("the node is not there");

beforeAll(async () => {
  world = await RelayWorld.open();
  [a] = await world.behind("a", 1);
  [b] = await world.behind("b", 2, "masquerade");
  await world.relay("r", 10);
});

afterAll(() => world.lab.close());

it("a path through a guessed port takes the place of a relay, without a lost packet", async () => {
  for (const each of [a, b]) await node(each).start(world.options);
  await node(a).daemon.waitForPeers("b", "r");
  const stream = await PingStream.start(node(a), await addressOf(node(b)), 0.02);
  for (const [from, to] of [
    [a, "b"],
    [b, "a"],
  ] as const)
    await waitFor(async () => (await wayFrom(node(from), to))?.kind === "guessed", {
      what: `a guessed path to ${to}`,
      seconds: 60,
      describe: () => node(from).daemon.log(),
    });
  await stream.moreAnswers(200);
  expect((await stream.stop()).lost).toBe(0);
});
