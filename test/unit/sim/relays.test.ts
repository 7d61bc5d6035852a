import { expect, it } from "vitest";
import { randomFrom } from "../../../sim/random.ts";
import { connectAll, RelayDeath, RelayWorld } from "../../../sim/relays/index.ts";

/*
 * The daemon's decisions on a simulated internet: `npm run bench:relay-choice` has the figures of large meshes. A failure is
 * played again by `node bench/relay-choice.ts --nodes 60 --relays 5 --watched 10 --seed SEED`.
 */
const seeds = [1, 2];

const worldOf = (seed: number) => {
  const random = randomFrom(seed);
  const world = new RelayWorld({ nodes: 60, relays: 5, symmetric: 0.3, random });
  const load = connectAll(world, Number.POSITIVE_INFINITY, random);
  const [relay, pairs] =
    [...load.byRelay].toSorted(([, one], [, other]) => other.length - one.length)[0] ?? [];
  if (!relay || !pairs) return expect.fail("nobody relays");
  return { random, world, load, relay, pairs: pairs.slice(0, 10) };
};

it.each(seeds)(
  "a pair stays at its relay while that is there, and leaves it in two seconds when it dies (%i)",
  (seed) => {
    const { random, world, relay, pairs } = worldOf(seed);
    const times = { before: 120_000, after: 30_000 };
    const { changes, busy } = new RelayDeath({ world, relay, pairs, busy: 0.5, ...times, random }).run();
    expect(changes).toBe(0);
    expect(busy.length).toBeGreaterThan(0);
    expect(Math.max(...busy)).toBeLessThanOrEqual(2_000);
  },
);

it("a relay that has no more room is left for another", () => {
  const { world, random, load } = worldOf(1);
  const most = Math.ceil(load.pairs / 5);
  const counts = [...connectAll(world, most, random).byRelay.values()].map(({ length }) => length);
  expect(Math.max(...counts)).toBe(most);
});
