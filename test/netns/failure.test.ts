import { afterEach, beforeEach, expect, test } from "vitest";
import { type LabNode, PingStream, waitFor } from "../../lab/index.ts";
import { cut, mend, networkOf, stayUnderLoss, type TwoPaths, twoPaths, viewOf } from "./two-paths.ts";

let world: TwoPaths;
let a: LabNode;
let b: LabNode;

beforeEach(async () => {
  world = await twoPaths();
  ({ a, b } = world);
});

afterEach(() => world.lab.close());

const moves = async (node: LabNode): Promise<number> =>
  (await node.daemon.log()).match(/move \S+ to /g)?.length ?? 0;

/** Not every kernel has netem (two-paths.guest.ts): of WireGuard's packets that come in, one in five is dropped. */
const lose = (node: LabNode, link: string): Promise<void> =>
  node.namespace.nft(`table inet lossy {
    chain ${link} {
      type filter hook prerouting priority -400;
      iifname "${link}" udp dport 51820 numgen random mod 5 0 drop
    }
  }
  `);

test("where one packet in five gets lost, the peer stays up, and where it is", () =>
  stayUnderLoss(world, lose));

test("a path that is cut under traffic is replaced by another one, once, and the peer stays up", async () => {
  await a.daemon.waitForPeers("b");
  await b.daemon.waitForPeers("a");
  const stream = await PingStream.start(a, "10.0.1.2", 0.1);
  const before = (await a.daemon.status()).peers[0]?.endpoint ?? expect.fail("no endpoint");
  await cut(world, networkOf(await a.daemon.status()));
  const seen = new Set<string>();
  await waitFor(
    async () => {
      const status = await a.daemon.status();
      seen.add(viewOf(status));
      return status.peers[0]?.endpoint !== before;
    },
    { what: "another endpoint", describe: () => a.daemon.log() },
  );
  await stream.moreAnswers(10);
  await stream.stop();
  expect([...seen].toSorted()).not.toContain("down");
  expect((await moves(a)) + (await moves(b))).toBeLessThanOrEqual(2); // either, or both at once
  expect((await moves(a)) + (await moves(b))).toBeGreaterThanOrEqual(1);
});

test("a peer whose every path is cut is suspected, then given up, and comes back", async () => {
  await a.daemon.waitForPeers("b");
  const stream = await PingStream.start(a, "10.0.1.2", 0.1);
  await cut(world, "first", "second");
  await a.daemon.waitForStatus("the suspicion", (status) => viewOf(status) === "suspected");
  const { peers } = await a.daemon.waitForStatus(
    "the end of the peer",
    (status) => viewOf(status) === "down",
  );
  const [lost = expect.fail("no peer")] = peers;
  expect(lost.trouble).toMatch(
    /^nothing came back for \d+s of traffic, last at \S+; \d+ handshakes unanswered/,
  );
  expect(lost.handshakeAgeSeconds).toBeGreaterThan(10);
  expect(lost.heardAgeSeconds).toBeGreaterThan(10);
  expect(lost.receivedBytes).toBeGreaterThan(0);
  expect(lost.asked).toBeGreaterThan(0);
  await mend(world);
  await a.daemon.waitForPeers("b");
  await stream.moreAnswers(1);
  await stream.stop();
  const log = await a.daemon.log();
  const told = [
    /INFO.* b is up, at /,
    /INFO.* b is suspected: /,
    /WARN.* b is down: /,
    /INFO.* b is up again, after /,
  ];
  expect(told.map((line) => log.match(new RegExp(line, "g"))?.length)).toEqual([1, 1, 1, 1]);
});
