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

/** How often new daemons guess. One guess misses all mappings once in 60 times, and rests for an hour then. */
const tries = 3;

/** How often the two nodes have said, in all their runs, that a guess missed. */
async function misses(): Promise<number> {
  const logs = await Promise.all([a, b].map((each) => node(each).daemon.log()));
  return logs.join("").split("no port was guessed").length - 1;
}

/** A guess by new daemons, while pings go on, which lose nothing however it ends. Gives whether it found a path. */
async function guess(missesBefore: number): Promise<boolean> {
  for (const each of [a, b]) await node(each).start(world.options);
  await node(a).daemon.waitForPeers("b", "r");
  const stream = await PingStream.start(node(a), await addressOf(node(b)), 0.02);
  const isFound = async () =>
    (await wayFrom(node(a), "b"))?.kind === "guessed" && (await wayFrom(node(b), "a"))?.kind === "guessed";
  // A question that got no answer in time, as on a busy machine, is repeated after two minutes, and in the next session.
  const end = await waitFor(
    async () => ((await isFound()) ? "found" : (await misses()) > missesBefore && "missed"),
    {
      what: "the end of the guess",
      seconds: 400,
      describe: async () => `${await node(a).daemon.log()}\n${await node(b).daemon.log()}`,
    },
  );
  await stream.moreAnswers(200);
  expect((await stream.stop()).lost).toBe(0);
  return end === "found";
}

async function down(): Promise<void> {
  for (const each of [a, b]) {
    await node(each).daemon.command("down");
    await node(each).daemon.ended();
  }
}

it("a path through a guessed port takes the place of a relay, without a lost packet", async () => {
  let isFound = await guess(0);
  for (let left = tries - 1; left > 0 && !isFound; left -= 1) {
    await down();
    isFound = await guess(await misses());
  }
  expect(isFound).toBe(true);
}, 1_800_000);
