import { afterAll, beforeAll, test } from "vitest";
import { Lab } from "../../lab/index.ts";
import { goRound, takeTheShorter, twoWays } from "./shorter-way.ts";

/** In the emulated machine (test/vm/mesh.test.ts), whose kernel has netem: both ways keep the addresses. */
let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());

test("a far shorter way is taken once, and that loses nothing", async () => {
  const world = await twoWays(lab, { family: 4, bothSearch: true, slowBy: "links" });
  await goRound(world);
  await takeTheShorter(world);
});
