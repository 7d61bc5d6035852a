import { afterAll, beforeAll, test } from "vitest";
import { Lab } from "../../lab/index.ts";
import { goRound, type Kind, takeTheShorter, twoWays } from "./shorter-way.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());

/** A minute goes by before a way back is looked for: both at the same time. */
test.concurrent.each<Kind>([
  { family: 4, bothSearch: true, slowBy: "relay" },
  { family: 6, bothSearch: false, slowBy: "relay" },
])("a far shorter way is taken once, and taking it loses nothing: %o", { timeout: 300_000 }, async (kind) => {
  const world = await twoWays(lab, kind);
  await goRound(world);
  await takeTheShorter(world);
});
