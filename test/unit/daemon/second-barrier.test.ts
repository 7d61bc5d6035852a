import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { planSecondBarrier } from "../../../src/barrier/index.ts";
import type { Command } from "../../../src/base/command.ts";
import { KubespanError } from "../../../src/base/error.ts";
import { observeChanging } from "../../../src/daemon/observe.ts";
import { SecondBarrier } from "../../../src/daemon/second-barrier.ts";
import type { Kernel, MeshPlan } from "../../../src/mesh/index.ts";
import type { Prefix } from "../../../src/net/index.ts";
import { config as configOf, prefix } from "../mesh/values.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const log = pino({ level: "silent" });
const eth0 = {
  index: 2,
  name: "eth0",
  kind: undefined,
  up: true,
  mtu: 1500,
  hardwareAddress: "32:06:be:1c:a9:09",
  isPort: false,
  addresses: [],
};
const bare = {
  wireguard: { link: { mtu: 1420, isUp: true }, device: undefined },
  links: [eth0],
  addresses: { usable: [] },
  barrier: { kind: "seen", links: [] },
} as unknown as Kernel;
const [first, second] = [prefix("10.0.0.0/8"), prefix("172.16.0.0/12")];

/** Carries out what is planned of the second barrier for these networks, and of nothing else. */
async function apply(
  barrier: SecondBarrier,
  targets: readonly Prefix[],
  kernel: Kernel,
  fails = false,
): Promise<void> {
  const config = configOf({ stateDirectory: await temporaryFolder() });
  const { marks, listenPort, interfaceName } = config;
  const plan = {
    steps: [],
    sysctls: { steps: [], left: [], saveBefore: undefined, saveAfter: undefined },
    second: planSecondBarrier(
      { targets, marks, listenPort, interfaceName, links: kernel.links },
      kernel.barrier,
    ),
    steered: { targets, exits: { registries: [] } },
    refused: [],
  } as unknown as MeshPlan;
  const run = (): Promise<string> =>
    fails ? Promise.reject(new KubespanError("command", "tc failed")) : Promise.resolve("");
  await barrier.apply({ run, log }, config, plan, kernel);
}

/** The programs that are run to look at what a change of the registries needs. */
async function lookedAt(barrier: SecondBarrier): Promise<readonly string[]> {
  const run: string[] = [];
  const answer = ({ program }: Command): Promise<string> => {
    run.push(program);
    return Promise.resolve(program === "wg" ? "(none)\t(none)\t51820\toff\n" : "");
  };
  await observeChanging({ run: answer, log, barrier }, configOf(), { kernel: bare, device: undefined });
  return [...new Set(run)].toSorted();
}

describe("the filters of the second barrier", () => {
  it("are read until they were made once, and not again at each change of the registries", async () => {
    const barrier = new SecondBarrier(log);
    expect(await lookedAt(barrier)).toEqual(["nft", "tc", "wg"]);
    await apply(barrier, [first], bare);
    expect(await lookedAt(barrier)).toEqual(["nft", "wg"]);
    const held = barrier.held ?? expect.fail("nothing is held");
    await apply(barrier, [first, second], { ...bare, barrier: held });
    expect(barrier.held).not.toEqual(held);
    expect(await lookedAt(barrier)).toEqual(["nft", "wg"]);
  });

  it("are read again after they could not be made, and after the mesh was taken down", async () => {
    const barrier = new SecondBarrier(log);
    await apply(barrier, [first], bare);
    await apply(barrier, [second], bare, true);
    expect(await lookedAt(barrier)).toContain("tc");
    await apply(barrier, [second], bare);
    expect(await lookedAt(barrier)).not.toContain("tc");
    barrier.forget();
    expect(await lookedAt(barrier)).toContain("tc");
  });

  it("are taken away alone where nobody looked for those of others, whose place stays", async () => {
    const barrier = new SecondBarrier(log);
    await apply(barrier, [first], bare);
    const { marks, listenPort, interfaceName } = configOf();
    const nothing = { targets: [], marks, listenPort, interfaceName, links: [eth0] };
    const steps = planSecondBarrier(nothing, barrier.held ?? expect.fail("nothing is held"));
    expect(steps.flatMap(({ commands }) => commands.map(({ args }) => args.slice(0, 2)))).toEqual([
      ["filter", "del"],
    ]);
  });
});
