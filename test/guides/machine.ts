import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { bound } from "../../lab/bound.ts";
import { kubespan, type LabNode } from "../../lab/index.ts";
import { kubernetes } from "../../lab/programs/index.ts";

const programs = "/run/programs";

/** A machine of a guide, at which its reader types. */
export interface Machine {
  readonly node: LabNode;
  /** The command line that runs one on the machine. */
  enter(argv: readonly string[]): string[];
}

/** Puts what the packages install into the reach of a machine: kubespan, units that are started, and kubectl. */
export async function installed(node: LabNode): Promise<Machine> {
  const { namespace } = node;
  await namespace.write(`${programs}/systemctl`, await systemctl(), 0o755);
  await namespace.run("ln", "-s", kubespan, `${programs}/kubespan`);
  await namespace.run("ln", "-s", join(await kubernetes(), "kubectl"), `${programs}/kubectl`);
  await namespace.run("mkdir", "-p", "/run/systemd/system");
  const path = `PATH=${programs}:${process.env["PATH"]}`;
  return {
    node,
    enter: (argv) => namespace.enter(["env", "-u", "KUBECONFIG", path, "HOME=/run/root", ...argv]),
  };
}

export const systemctl = (): Promise<string> => readFile(join(import.meta.dirname, "systemctl"), "utf8");

export interface Printed {
  readonly exitCode: number | undefined;
  readonly all: string;
}

/** Runs a script on a machine as its reader does, in the home of root. `input` is what is pasted. */
export async function shell(machine: Machine, script: string, input = ""): Promise<Printed> {
  const home = `mkdir -p "$HOME"; cd\n${script}`;
  const { exitCode, all } = await execa(...bound(...machine.enter(["sh", "-euc", home])), {
    reject: false,
    all: true,
    input,
    env: { LC_ALL: "C" },
  });
  return { exitCode, all };
}
