import { afterAll, beforeAll, test } from "vitest";
import { stayUnderLoss, type TwoPaths, twoPaths } from "./two-paths.ts";

/** In the emulated machine (test/vm/mesh.test.ts), whose kernel has netem. */
let world: TwoPaths;

beforeAll(async () => {
  world = await twoPaths();
});
afterAll(() => world.lab.close());

test("where one packet in five gets lost, the peer stays up, and where it is", () =>
  stayUnderLoss(world, (node, link) =>
    node.run("tc", "qdisc", "add", "dev", link, "root", "netem", "loss", "20%"),
  ));
