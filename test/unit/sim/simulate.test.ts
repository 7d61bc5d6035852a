import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Policy, type Scenario, simulate } from "../../../sim/world.ts";
import { mostKnocking, packetLimits } from "../../../src/peers/index.ts";

/*
 * The daemon's decisions on a simulated internet. The seeds of the properties are fixed: a failure names the scenario,
 * and `node sim/main.ts --seed S --nodes N --policies P --loss L` plays it again.
 */
const ours: readonly Policy[] = ["race", "serial"];
const scenario = (changes: Partial<Scenario>): Scenario => ({
  seed: 1,
  nodes: 12,
  policy: "race",
  pairs: Number.POSITIVE_INFINITY,
  loss: 0.02,
  limit: 180_000,
  ...changes,
});
const meshes = fc.record({
  seed: fc.nat(),
  nodes: fc.integer({ min: 2, max: 14 }),
  loss: fc.constantFrom(0, 0.02, 0.1),
});
/** Packets of one node: a full bucket, what flows into it, and what WireGuard repeats by itself. */
const mostInASecond =
  packetLimits.unproven.most +
  packetLimits.unproven.perSecond +
  packetLimits.proven.most +
  packetLimits.proven.perSecond +
  mostKnocking;
const reproducible = { seed: 20261121, numRuns: 25 };

describe.each(ours)("%s", (policy) => {
  test("every pair that can connect does, and no node is left out", () => {
    fc.assert(
      fc.property(meshes, (mesh) => {
        const { missing, upAt, connectable } = simulate(scenario({ ...mesh, policy }));
        expect(missing).toEqual([]);
        expect(upAt.length).toBe(connectable);
      }),
      reproducible,
    );
  });

  test("a pair that is connected stays so, for minutes and through new keys", () => {
    fc.assert(
      fc.property(meshes, (mesh) => {
        const { losses } = simulate(scenario({ ...mesh, policy, loss: 0, isLong: true, limit: 400_000 }));
        expect(losses).toBe(0);
      }),
      { ...reproducible, numRuns: 8 },
    );
  });

  test("nobody floods: attempts stay within the budget, and end where nothing answers", () => {
    fc.assert(
      fc.property(meshes, (mesh) => {
        const { mostAttempts, mostPackets, initiations, pairs } = simulate(
          scenario({ ...mesh, policy, isLong: true, limit: 120_000 }),
        );
        expect(mostAttempts).toBeLessThanOrEqual(400);
        expect(mostPackets).toBeLessThanOrEqual(mostInASecond);
        expect(initiations / pairs).toBeLessThan(250); // two sides, up to six candidates, two minutes
      }),
      { ...reproducible, numRuns: 8 },
    );
  });
});

test("a mesh that does not fit into the budget at once starves nobody", () => {
  const { missing, mostAttempts, mostPackets } = simulate(scenario({ nodes: 60, limit: 60_000 }));
  expect(missing).toEqual([]);
  expect(mostAttempts).toBeLessThanOrEqual(400);
  expect(mostPackets).toBeLessThanOrEqual(mostInASecond);
});

/** Until 95 % of the pairs that can connect are up. */
const last = (policy: Policy): number => {
  const { upAt, connectable } = simulate(scenario({ policy, nodes: 30, limit: 600_000 }));
  return upAt[Math.ceil(0.95 * connectable) - 1] ?? Number.POSITIVE_INFINITY;
};

test("racing has most pairs up long before the reference", () => {
  expect(3 * last("race")).toBeLessThan(last("reference"));
});

test("the same seed is the same mesh, and another one is not", () => {
  expect(simulate(scenario({ seed: 5 }))).toEqual(simulate(scenario({ seed: 5 })));
  expect(simulate(scenario({ seed: 5 }))).not.toEqual(simulate(scenario({ seed: 6 })));
});
