import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { output } from "../command.ts";
import { kept } from "./cache.ts";

const packages = ["busybox-static", "containerd", "runc"];

/**
 * The folder with programs of this machine's distribution, unpacked but not installed: containerd would start, and
 * stand in the way of one that is there already. apt checks the signature and the hash of each.
 */
export async function debian(): Promise<string> {
  const policy = await output(["apt-cache", "policy", ...packages]);
  const versions = [...policy.matchAll(/^ {2}Candidate: (\S+)/gm)].map(([, version = ""]) => version);
  if (versions.length < packages.length)
    throw new Error(
      `apt knows not all of ${packages.join(", ")}: run apt-get update; Ubuntu has them in the component 'universe'`,
    );
  const [containerd = ""] = [versions[1]];
  return kept({
    name: `debian-containerd-${containerd.replace(/[^\w.+-]/g, "_")}`,
    of: versions,
    make: unpack,
  });
}

async function unpack(folder: string): Promise<void> {
  const archives = await mkdtemp(join(tmpdir(), "kubespan-programs-"));
  try {
    await execa("apt-get", ["download", "--quiet=2", ...packages], {
      cwd: archives,
      stderr: "ignore", // it warns that root itself fetches
    });
    await mkdir(join(folder, "root"));
    for (const archive of await readdir(archives))
      await output(["dpkg-deb", "--extract", join(archives, archive), join(folder, "root")]);
  } finally {
    await rm(archives, { recursive: true, force: true });
  }
}
