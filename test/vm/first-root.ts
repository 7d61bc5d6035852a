import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import type { GuestKernel } from "./guest-kernel.ts";
import { type ArchivedFile, initramfs } from "./initramfs.ts";

/** What the first root must have to reach the host's. */
const earlyModules = ["virtio_pci", "virtio_console", "virtiofs", "overlay"];

/** The initramfs of one run: it finds its way to the host's root and starts the session there; `job` comes along. */
export async function firstRoot(kernel: GuestKernel, job: readonly ArchivedFile[]): Promise<Buffer> {
  const guest = join(import.meta.dirname, "guest");
  const files: ArchivedFile[] = [
    { path: "init", contents: await readFile(join(guest, "init")), executable: true },
    { path: "bin/busybox", contents: await readFile(kernel.busybox), executable: true },
    { path: "job/session", contents: await readFile(join(guest, "session")) },
    { path: "job/machine.service", contents: await readFile(join(guest, "machine.service")) },
    ...job,
  ];
  for (const [index, file] of (await moduleFiles(kernel)).entries())
    files.push({
      path: `modules/${`${index}`.padStart(3, "0")}-${moduleName(file)}`,
      contents: await plain(file),
    });
  return initramfs(files, ["proc", "sys", "dev"]);
}

/** The files of the early modules and of all that they need, in the order of loading. */
async function moduleFiles({ root, version }: GuestKernel): Promise<string[]> {
  const files = new Set<string>();
  for (const name of earlyModules) {
    const { stdout } = await execa("modprobe", ["-d", root, "-S", version, "--show-depends", name], {
      env: { PATH: `${process.env["PATH"]}:/sbin:/usr/sbin` },
    });
    for (const line of stdout.split("\n")) {
      const [, file] = /^insmod (\S+)/.exec(line) ?? []; // other lines name what is built in
      if (file !== undefined) files.add(file);
    }
  }
  return [...files];
}

function moduleName(file: string): string {
  return basename(file).replace(/\.ko.*$/, ".ko");
}

/** The contents of a module, which some distributions compress. */
async function plain(file: string): Promise<Buffer> {
  const tool = file.endsWith(".xz") ? "xz" : file.endsWith(".zst") ? "zstd" : "cat";
  const { stdout } = await execa(tool, tool === "cat" ? [file] : ["-dc", file], { encoding: "buffer" });
  return Buffer.from(stdout);
}
