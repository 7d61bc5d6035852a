import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { commandText } from "../../../../src/base/index.ts";
import { begin, type Case, ignoreRefusal, inClear, probed, someCase, troubled, watched } from "./cases.ts";
import { node } from "./nodes.ts";
import type { Scene } from "./scene.ts";

const numRuns = Number(process.env["KUBESPAN_PROPERTY_RUNS"] ?? 12);
/** A pass has about so many commands that change something. */
const lastPlace = 24;
const place = fc.integer({ min: 0, max: lastPlace });

// Hundreds of passes: it only ends tests that fail anyway.
vi.setConfig({ testTimeout: 60_000 * numRuns });

/** What a node is once nothing is to be done any more. */
async function settled(scene: Scene): Promise<unknown> {
  await scene.settle();
  return { kernel: scene.picture(), files: await scene.files() };
}

const ideal = async (each: Case): Promise<unknown> => settled(await begin(each));

test("whatever the kernel holds, after three passes there is nothing left to do", async () => {
  await fc.assert(
    fc.asyncProperty(someCase, async (each) => {
      expect(await (await begin(each)).settle()).toBeLessThanOrEqual(3);
    }),
    { numRuns },
  );
});

test("a command that fails, done or not, changes nothing about where it ends", async () => {
  await fc.assert(
    fc.asyncProperty(someCase, place, fc.boolean(), async (each, at, isDone) => {
      const scene = await begin(each);
      await scene.pass(troubled(scene.kernel.run, { kind: "fails", at, isDone })).catch(ignoreRefusal);
      expect(await settled(scene)).toEqual(await ideal(each));
    }),
    { numRuns },
  );
});

/** A pass in which the daemon is killed before that command; another one then has what is on disk. */
async function killed(scene: Scene, at: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const run = troubled(scene.kernel.run, { kind: "killed", at, onDeath: resolve });
    scene.pass(run).then(() => resolve(), reject);
  });
  scene.restart();
}

test("a daemon that is killed between any two commands leaves nothing that the next one does not put right", async () => {
  await fc.assert(
    fc.asyncProperty(someCase, place, async (each, at) => {
      const scene = await begin(each);
      await killed(scene, at);
      scene.registriesSay([], false); // they answer after a while
      await scene.pass();
      scene.registriesSay(each.after);
      expect(await settled(scene)).toEqual(await ideal(each));
    }),
    { numRuns },
  );
});

test("taking down what a killed daemon has left makes the kernel what it was without a mesh", async () => {
  const nodes = [node(2), node(3, { networks: ["10.96.0.0/12"], isSilent: true })];
  const each = { before: [], done: [], after: nodes, hasSecondBarrier: true };
  const bare = (await begin(each)).picture();
  for (let at = 0; at <= lastPlace; at++) {
    const scene = await begin(each);
    await killed(scene, at);
    await scene.down();
    const uplink = scene.kernel.links.get("eth0");
    expect(uplink.filters).toEqual([]);
    uplink.hasQdisc = false; // an empty place for filters may be anybody's: it is left, and does nothing
    expect(scene.picture(), `killed before command ${at}`).toEqual(bare);
  }
});

test("a pass over the registries alone leads to where a whole pass does", async () => {
  await fc.assert(
    fc.asyncProperty(someCase, async (each) => {
      const scene = await begin({ ...each, done: [] });
      await scene.passOverRegistries();
      expect(await settled(scene)).toEqual(await ideal({ ...each, done: [] }));
    }),
    { numRuns },
  );
});

test("what is steered before and after is never let out in clear in between", async () => {
  const scope = fc.constantFrom("everything", "registries");
  await fc.assert(
    fc.asyncProperty(someCase, scope, async (each, over) => {
      const scene = await begin(each);
      const addresses = probed(each);
      const before = inClear(scene, addresses);
      const seen: [string, string[]][] = [];
      const run = watched(scene.kernel.run, (command) =>
        seen.push([commandText(command).slice(0, 200), inClear(scene, addresses)]),
      );
      await (over === "everything" ? scene.pass(run) : scene.passOverRegistries(run).catch(ignoreRefusal));
      const after = inClear(scene, addresses);
      const held = addresses.filter((to) => !before.includes(to) && !after.includes(to));
      expect(seen.filter(([, clear]) => clear.some((to) => held.includes(to)))).toEqual([]);
    }),
    { numRuns: 2 * numRuns },
  );
});

test("taking the mesh down lets nothing out in clear before its last command", async () => {
  await fc.assert(
    fc.asyncProperty(someCase, async (each) => {
      const scene = await begin({ ...each, done: [] });
      const addresses = probed(each);
      const before = inClear(scene, addresses);
      const held = addresses.filter((to) => !before.includes(to));
      const seen: (readonly [string, string[]])[] = [];
      const run = watched(scene.kernel.run, (command) =>
        seen.push([commandText(command).slice(0, 200), inClear(scene, held)]),
      );
      await scene.down(run);
      expect(seen.slice(0, -1).filter(([, clear]) => clear.length > 0)).toEqual([]);
      expect(inClear(scene, held)).toEqual(held);
    }),
    { numRuns },
  );
});

test("the model of a packet's fate tells a leak: without table and second barrier packets get out", async () => {
  const scene = await begin({ before: [node(2)], done: [], after: [node(2)], hasSecondBarrier: false });
  const addresses = ["10.244.2.9", "203.0.113.9"];
  expect(inClear(scene, addresses)).toEqual(["203.0.113.9"]);
  await scene.kernel.run({ program: "nft", args: "delete table inet talos_kubespan".split(" ") });
  expect(inClear(scene, addresses)).toEqual(addresses);
});
