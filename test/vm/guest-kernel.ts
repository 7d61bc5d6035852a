import { access, mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { hostArchitecture } from "./architecture.ts";

/** A kernel that was fetched for the guest; nothing of it is installed on the host. */
export interface GuestKernel {
  readonly version: string;
  /** The file that QEMU boots. */
  readonly image: string;
  /** The folder that holds `lib/modules/VERSION`. */
  readonly root: string;
  /** A busybox that needs no library. */
  readonly busybox: string;
}

const cache = join(import.meta.dirname, "../../.cache/vm");

/**
 * The distribution's small kernel for virtual machines, and busybox. Their packages are downloaded and unpacked, never
 * installed: installing a kernel would rewrite the host's boot files.
 */
export async function guestKernel(): Promise<GuestKernel> {
  const folder = join(cache, process.arch);
  if (!(await exists(folder))) await fetchInto(folder);
  const [version] = await readdir(join(folder, "lib/modules"));
  if (version === undefined) throw new Error(`${folder} holds no kernel modules; delete it and try again`);
  const busybox = join(folder, "bin/busybox");
  return {
    version,
    image: join(folder, `boot/vmlinuz-${version}`),
    root: folder,
    busybox: (await exists(busybox)) ? busybox : join(folder, "usr/bin/busybox"),
  };
}

async function fetchInto(folder: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "fetch-"));
  try {
    await download(work).catch(async () => {
      await apt(["update", "-q=2"], work); // no package lists yet, or lists that name files of long ago
      await download(work);
    });
    const root = join(work, "root");
    for (const file of await readdir(work)) await execa("dpkg-deb", ["-x", join(work, file), root]);
    // Newer packages hold usr/lib and count on the system's /lib being a link to it.
    if (!(await exists(join(root, "lib/modules")))) await symlink("usr/lib", join(root, "lib"));
    const [version = ""] = await readdir(join(root, "lib/modules"));
    await execa("depmod", ["-b", root, version], { env: { PATH: `${process.env["PATH"]}:/sbin:/usr/sbin` } });
    await rename(root, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(folder: string): Promise<void> {
  const { kernelPackages } = hostArchitecture();
  for (const name of kernelPackages) {
    const packages = await dependencies(name);
    if (packages.length > 0) return await apt(["download", "-q=2", ...packages, "busybox-static"], folder);
  }
  throw new Error(`apt offers none of ${kernelPackages.join(", ")}`);
}

/** The packages behind a name that always means the newest kernel: its image and, where they are apart, modules. */
async function dependencies(name: string): Promise<string[]> {
  const { stdout, failed } = await execa("apt-cache", ["depends", "--recurse", "--important", name], {
    reject: false,
  });
  if (failed) return [];
  const names = stdout.split("\n").map((line) => line.trim());
  return [...new Set(names.filter((word) => /^linux-(image|modules)(-extra)?-\d\S*$/.test(word)))];
}

async function apt(args: readonly string[], cwd: string): Promise<void> {
  // As root, not as apt's own user: that one may not write to the checkout.
  await execa("apt-get", ["-o", "APT::Sandbox::User=root", ...args], { cwd });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
