import { expect, test } from "vitest";
import { pathMtuOf } from "../../../../src/mesh/paths.ts";
import type { PathMtu } from "../../../../src/path-mtu/index.ts";
import { ignoreRefusal, inClear, troubled, watched } from "./cases.ts";
import { node } from "./nodes.ts";
import { anUplink, held, type Scene } from "./scene.ts";
import { given, registriesSay } from "./story.ts";

const passing = (mtu: number): PathMtu => ({ mtu, since: 0, why: "the peer came up" });
const narrow = new Map([[node(2).claim.kubespan?.publicKey ?? expect.fail(), passing(1328)]]);
const whole = new Map([...narrow.keys()].map((key) => [key, passing(1420)]));
const own = "ip -4 -j -N route show table 180 proto 180";
const addresses = ["192.0.2.2", "10.244.2.9", "192.0.2.3"];

const onTwoPeers = async () => {
  const story = await given(registriesSay(node(2), node(3))).andKernelHolds(anUplink);
  return story.whenSettled();
};

test("a peer's networks get routes with the MTU that passes, beside the default route, and lose them again", async () => {
  const story = await onTwoPeers();
  const before = story.scene.picture();
  story.scene.pathMtus = narrow;
  await story.whenPassed();
  story.thenPlanned("grow: route networks to which only smaller packets pass: 10.244.2.0/24, 192.0.2.2/32");
  await story.thenTool(
    own,
    /"dst":"10\.244\.2\.0\/24","dev":"kubespan","prefsrc":"192\.0\.2\.1","metric":65000.*"mtu":1328/,
  );
  story.thenKernel({ "192.0.2.2": "tunnel", "10.244.2.9": "tunnel", "192.0.2.3": "tunnel" });
  (await story.whenPassed()).thenPlanned();
  story.scene.pathMtus = new Map([...narrow.keys()].map((key) => [key, passing(1216)]));
  await story.whenPassed();
  story.thenPlanned("grow: route networks to which only smaller packets pass: 10.244.2.0/24, 192.0.2.2/32");
  story.scene.pathMtus = whole;
  await story.whenPassed();
  story.thenPlanned("shrink: route networks with the MTU of all again: 10.244.2.0/24, 192.0.2.2/32");
  expect(story.scene.picture()).toEqual(before);
});

test("they stay until the paths are measured where a daemon starts, and go with their peer, and where nobody looks", async () => {
  const story = await onTwoPeers();
  const before = story.scene.picture();
  story.scene.pathMtus = narrow;
  await story.whenSettled();
  const narrowed = story.scene.picture();
  story.scene.restart();
  story.scene.pathMtus = new Map();
  expect((await story.whenSettled()).scene.picture()).toEqual(narrowed);
  story.scene.pathMtus = undefined;
  expect((await story.whenSettled()).scene.picture()).toEqual(before);
  story.scene.pathMtus = narrow;
  await story.whenSettled();
  await story.whenTakenDown();
  await story.thenTool("ip -4 -j -N route show table 180", /^\[\]$/m);
});

test("routes of others to the same network stay", async () => {
  const story = await onTwoPeers();
  const others = "ip -4 route add 10.244.2.0/24 dev kubespan table 180 metric 7 mtu 1300";
  await story.whenSomebodyDoes(held(others));
  const before = story.scene.picture();
  story.scene.pathMtus = narrow;
  await story.whenSettled();
  story.scene.pathMtus = whole;
  expect((await story.whenSettled()).scene.picture()).toEqual(before);
});

/** A pass that is killed before that command, and another daemon that finds the same. */
async function killedAt(scene: Scene, at: number, found: typeof narrow): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const run = troubled(scene.kernel.run, { kind: "killed", at, onDeath: resolve });
    scene.pass(run).then(() => resolve(), reject);
  });
  scene.restart();
  scene.pathMtus = new Map();
  await scene.pass();
  scene.pathMtus = found;
  await scene.settle();
}

test("nothing leaves in clear in between, and a daemon that is killed or fails at any command changes nothing about the end", async () => {
  for (const [before, after] of [
    [whole, narrow],
    [narrow, whole],
  ] as const) {
    const ideal = await onTwoPeers();
    ideal.scene.pathMtus = after;
    const wanted = (await ideal.whenSettled()).scene.picture();
    for (let at = 0; at < 3; at++)
      for (const kind of ["killed", "fails"] as const) {
        const { scene } = await onTwoPeers();
        scene.pathMtus = before;
        await scene.settle();
        scene.pathMtus = after;
        if (kind === "killed") await killedAt(scene, at, after);
        else {
          await scene.pass(troubled(scene.kernel.run, { kind, at, isDone: true })).catch(ignoreRefusal);
          await scene.settle();
        }
        expect(scene.picture()).toEqual(wanted);
      }
    const { scene } = await onTwoPeers();
    scene.pathMtus = before;
    await scene.settle();
    scene.pathMtus = after;
    const clear: string[] = [];
    await scene.pass(watched(scene.kernel.run, () => clear.push(...inClear(scene, addresses))));
    expect(clear).toEqual([]);
  }
});

test("the status tells what passes, and whether that is less than the link's MTU", () => {
  const [publicKey] = [...narrow.keys()] as [string];
  expect(pathMtuOf({ pathMtus: narrow }, { publicKey }, 1420, 5_000)).toEqual({
    pathMtu: { mtu: 1328, isSmaller: true, seconds: 5, why: "the peer came up" },
  });
  expect(pathMtuOf({ pathMtus: whole }, { publicKey }, 1420, 0)).toMatchObject({
    pathMtu: { isSmaller: false },
  });
  expect(pathMtuOf({}, { publicKey }, 1420, 0)).toEqual({});
});
