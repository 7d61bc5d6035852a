import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstRoot } from "./first-root.ts";
import { type GuestKernel, guestKernel } from "./guest-kernel.ts";
import type { ArchivedFile } from "./initramfs.ts";
import { ports, qemuCommand } from "./qemu.ts";
import {
  type BoundProcess,
  type SharedFolder,
  serveFolder,
  socketReady,
  startBound,
} from "./shared-folder.ts";

export interface MachineRun {
  readonly command: readonly string[];
  /** A folder of the host, which the guest sees too. */
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Added to a small environment; nothing else of this process's own is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** A root file system with systemd, which is process 1 then; without it the host's root is used, and no systemd runs. */
  readonly system?: string;
  /** The only folder whose changes outlive the guest; it has the same path on both sides. */
  readonly outputFolder?: string;
}

export interface MachineResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const memoryMiB = 2048;
const processors = 2;

/** What a mesh test needs; the rest (nft's parts) the kernel loads by itself. */
const meshModules = ["wireguard", "veth", "bridge", "dummy", "tun", "nf_tables", "sch_netem"];

/**
 * Runs a command as root in a machine of its own (QEMU, emulated) under a stock kernel. The guest's root is the host's,
 * read-only, with a layer of memory on top: the command finds every program and file of the host, and what it changes is
 * gone afterwards, except in `outputFolder`. Throws when the guest gives no exit code: it did not boot, it crashed, or
 * the time was up; the message holds what it said until then.
 */
export async function runInMachine(run: MachineRun): Promise<MachineResult> {
  const kernel = await guestKernel();
  const folder = await mkdtemp(join(tmpdir(), `kubespan-machine-${process.pid}-`));
  const processes: BoundProcess[] = [];
  try {
    const shares: SharedFolder[] = [{ tag: "host", folder: "/", contents: "fixed" }];
    const output = run.outputFolder === undefined ? undefined : await realFolder(run.outputFolder);
    if (output !== undefined) shares.push({ tag: "output", folder: output, contents: "live" });
    for (const share of shares) {
      const socket = join(folder, `${share.tag}.sock`);
      const daemon = serveFolder(share, socket);
      processes.push(daemon);
      await socketReady(daemon, socket);
    }
    await writeFile(join(folder, "initrd"), await firstRoot(kernel, jobFiles(run, kernel, output)));
    const tags = shares.map((share) => share.tag);
    const options = run.system === undefined ? [] : ["systemd.unit=machine.service"];
    const machine = startBound(qemuCommand({ kernel, folder, tags, memoryMiB, processors, options }));
    processes.push(machine);
    return await outcome(machine, folder, run.timeoutMs);
  } finally {
    for (const process of processes) process.kill("SIGKILL");
    await Promise.all(processes);
    await rm(folder, { recursive: true, force: true });
  }
}

async function outcome(machine: BoundProcess, folder: string, timeoutMs: number): Promise<MachineResult> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    machine.kill("SIGKILL");
  }, timeoutMs);
  const ended = await machine;
  clearTimeout(timer);
  const [stdout, stderr, status] = await Promise.all(ports.map((port) => said(folder, port)));
  if (status !== undefined && /^\d+\n$/.test(status))
    return { exitCode: Number(status), stdout: stdout ?? "", stderr: stderr ?? "" };
  const reason = late ? `did not finish within ${timeoutMs / 1000} s` : "ended without an exit code";
  const console = (await said(folder, "console"))?.slice(-4000);
  throw new Error(
    `the machine ${reason}\nqemu: ${ended.all}\nconsole: ${console}\nstdout: ${stdout}\nstderr: ${stderr}`,
  );
}

async function said(folder: string, file: string): Promise<string | undefined> {
  return readFile(join(folder, file), "utf8").catch(() => undefined); // a machine that never started wrote none
}

async function realFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return realpath(path);
}

/** What this run alone needs: where things are, and the command. */
function jobFiles(run: MachineRun, kernel: GuestKernel, output: string | undefined): ArchivedFile[] {
  const settings = {
    hostname: "machine",
    modules: join(kernel.root, "lib/modules"),
    load: meshModules.join(" "),
    output: output ?? "",
    root: run.system ?? "",
    system: run.system === undefined ? "no" : "yes",
  };
  const assign = ([name, value]: [string, string]): string => `${name}=${quoted(value)}\n`;
  const command = [
    ...Object.entries(run.env ?? {}).map((variable) => `export ${assign(variable)}`),
    `cd ${quoted(run.cwd)} || exit 126\n`,
    `exec ${run.command.map(quoted).join(" ")}\n`,
  ];
  return [
    { path: "job/settings", contents: Buffer.from(Object.entries(settings).map(assign).join("")) },
    { path: "job/command", contents: Buffer.from(command.join("")) },
  ];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
