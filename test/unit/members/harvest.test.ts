import { expect, test } from "vitest";
import { emptyHarvest, type Harvest, harvest, turnDueIn } from "../../../src/members/index.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import { endpoint } from "../mesh/values.ts";

/*
 * A whole mesh in virtual time: every node sees some others at ports that those do not announce. A publication is known
 * everywhere a second later.
 */
const spreading = 1_000;

interface Course {
  /** Updates of affiliates, each of which the service sends to every node. */
  readonly updates: number;
  /** When the last peer had an endpoint that others published, in milliseconds. */
  readonly allKnownAt: number;
}

interface Mesh {
  readonly nodes: number;
  /** Peers behind a NAT that changes their port. */
  readonly hidden: number;
  /** Which of the nodes see one of those. */
  readonly sees: (node: number, peer: number) => boolean;
  /** Whether every node sees it at another port. */
  readonly isSymmetric?: boolean;
}

function run({ nodes, hidden, sees, isSymmetric = false }: Mesh): Course {
  const members = Array.from({ length: nodes }, (_, index) => `node${index}`);
  const announced: { at: number; endpoint: Endpoint }[][] = Array.from({ length: hidden }, (_, peer) => [
    { at: 0, endpoint: endpoint(`203.0.113.${peer % 250}:51820`) },
  ]);
  const seenAt = (node: number, peer: number): Endpoint =>
    endpoint(`203.0.113.${peer % 250}:${isSymmetric ? 2000 + node : 1024 + peer}`);
  const memories = new Map<number, Harvest>();
  let updates = 0;
  let allKnownAt = 0;
  for (let now = 0; now <= 60_000; now += 500) {
    for (let node = 0; node < nodes; node++) {
      const before = memories.get(node) ?? emptyHarvest;
      if (now > 0 && turnDueIn(before, now) !== 0) continue; // the daemon looks when it is a turn
      const peers = announced.flatMap((known, peer) =>
        node === peer || !sees(node, peer)
          ? []
          : [
              {
                nodeId: `node${peer}`,
                state: "up" as const,
                announced: known.filter(({ at }) => at <= now).map((each) => each.endpoint),
                observed: seenAt(node, peer),
              },
            ],
      );
      const after = harvest(peers, { own: `node${node}`, members }, before, now);
      memories.set(node, after);
      for (const [nodeId, endpoints] of after.published) {
        if (before.published.has(nodeId)) continue;
        updates++;
        const known = announced[Number(nodeId.slice(4))] ?? expect.fail("published somebody unknown");
        if (known.length === 1) allKnownAt = Math.max(allKnownAt, now);
        for (const each of endpoints) known.push({ at: now + spreading, endpoint: each });
      }
    }
  }
  expect(announced.every((known) => known.length > 1)).toBe(true);
  return { updates, allKnownAt };
}

const everybody = (): boolean => true;

test.each([10, 30, 100, 300])(
  "the updates for %d nodes, half of them hidden, grow with the nodes",
  (nodes) => {
    const { updates, allKnownAt } = run({ nodes, hidden: nodes / 2, sees: everybody });
    expect(updates).toBeLessThanOrEqual(1.2 * (nodes / 2) + 3);
    expect(allKnownAt).toBeLessThan(10_000);
  },
);

test("a thousand nodes publish about one endpoint for each that is hidden", () => {
  const { updates } = run({ nodes: 1000, hidden: 100, sees: everybody });
  expect(updates).toBeGreaterThanOrEqual(100);
  expect(updates).toBeLessThanOrEqual(120);
});

test("a peer that only one in fifty sees is published all the same", () => {
  const { updates, allKnownAt } = run({ nodes: 300, hidden: 20, sees: (node) => node % 50 === 49 });
  expect(updates).toBeLessThanOrEqual(40);
  expect(allKnownAt).toBeLessThan(30_000);
});

test("a NAT that maps by destination is told of a few times, not by everybody", () => {
  const { updates } = run({ nodes: 300, hidden: 20, sees: everybody, isSymmetric: true });
  expect(updates).toBeLessThanOrEqual(20 * 6);
});
