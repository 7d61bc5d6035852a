import { execa } from "execa";
import type { Command } from "../../src/base/command.ts";
import type { Step } from "../../src/base/step.ts";
import type { ReadSetting } from "../../src/system/kernel-setting.ts";
import { type Runner, run } from "../../src/system/run.ts";

/** A network namespace of a test's own, with nothing in it but a loopback link. */
export interface Namespace {
  readonly name: string;
  readonly run: Runner;
  /** A setting of the kernel there. */
  readonly read: ReadSetting;
  /** Any command line, split at spaces; gives what it printed. */
  sh(line: string): Promise<string>;
  remove(): Promise<void>;
}

let made = 0;

export async function makeNamespace(label: string): Promise<Namespace> {
  const name = `kubespan-${label}-${process.pid}-${++made}`;
  await execa("ip", ["netns", "add", name]);
  const inside = (command: Command): Command => ({
    ...command,
    program: "ip",
    args: ["netns", "exec", name, command.program, ...command.args],
  });
  const sh = async (line: string): Promise<string> =>
    (await execa("ip", ["netns", "exec", name, ...line.split(" ")])).stdout;
  await sh("ip link set lo up");
  return {
    name,
    run: (command) => run(inside(command)),
    read: async (key) => {
      const { stdout, exitCode } = await execa("ip", ["netns", "exec", name, "cat", `/proc/sys/${key}`], {
        reject: false,
      });
      return exitCode === 0 ? stdout : undefined;
    },
    sh,
    remove: async () => {
      await execa("ip", ["netns", "del", name]);
    },
  };
}

/** In the order of the daemon: grow, swap, shrink. */
export async function apply(runner: Runner, steps: readonly Step[]): Promise<void> {
  for (const stage of ["grow", "swap", "shrink"])
    for (const step of steps.filter((each) => each.stage === stage))
      for (const command of step.commands) await runner(command);
}

/** A runner that fails at its `at`-th command, before or after it took effect. */
export function failing(runner: Runner, at: number, afterwards: boolean): Runner {
  let seen = 0;
  return async (command) => {
    const fails = ++seen === at;
    if (fails && !afterwards) throw new Error("out of order");
    const output = await runner(command);
    if (fails) throw new Error("out of order");
    return output;
  };
}
