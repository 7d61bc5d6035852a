import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { output } from "../command.ts";
import { kept } from "./cache.ts";

/** Packages of this machine's distribution, of which the last one gives the folder its name. */
const runtime = ["busybox-static", "runc", "containerd"];
const sets = ["libipset13", "ipset"];
const docker = ["libdevmapper1.02.1", "runc", "containerd", "docker.io"];
const webServer = ["nginx"];
const firewalls = ["python3-nftables", "python3-firewall", "ufw", "firewalld"];

/** The folder with a container runtime. Installed, it would start, and stand in the way of one that is there already. */
export const debian = (): Promise<string> => unpacked(runtime);

/** The folder with `ipset`, which kube-proxy's mode IPVS and kube-router call. */
export const debianSets = (): Promise<string> => unpacked(sets);

/** The folder with Docker and what it starts. Installed, it would start, and forward nothing but its own on this machine. */
export const debianDocker = (): Promise<string> => unpacked(docker);

/** The folder with a web server that stands before others. Installed, it would start. */
export const debianWebServer = (): Promise<string> => unpacked(webServer);

/**
 * The folder with the firewalls that hosts have. Installed, they would start, and close the ports of this machine. What
 * belongs into /lib is in /usr/lib there.
 */
export const debianFirewalls = (): Promise<string> => unpacked(firewalls);

/** The folder with packages that are unpacked and not installed. apt checks the signature and the hash of each. */
async function unpacked(packages: readonly string[]): Promise<string> {
  const policy = await output(["apt-cache", "policy", ...packages]);
  const versions = [...policy.matchAll(/^ {2}Candidate: (\S+)/gm)].map(([, version = ""]) => version);
  if (versions.length < packages.length)
    throw new Error(
      `apt knows not all of ${packages.join(", ")}: run apt-get update; Ubuntu has them in the component 'universe'`,
    );
  const name = `${packages.at(-1)}-${versions.at(-1)}`.replace(/[^\w.+-]/g, "_");
  return kept({ name: `debian-${name}`, of: versions, make: (folder) => unpack(packages, folder) });
}

async function unpack(packages: readonly string[], folder: string): Promise<void> {
  const archives = await mkdtemp(join(tmpdir(), "kubespan-programs-"));
  try {
    await execa("apt-get", ["download", "--quiet=2", ...packages], {
      cwd: archives,
      stderr: "ignore", // it warns that root itself fetches
    });
    await mkdir(join(folder, "root"));
    for (const archive of await readdir(archives))
      await output(["dpkg-deb", "--extract", join(archives, archive), join(folder, "root")]);
    await mergeUsr(join(folder, "root"));
  } finally {
    await rm(archives, { recursive: true, force: true });
  }
}

/** Moves what is in the root's /lib into /usr/lib, to which /lib leads on every machine. */
async function mergeUsr(root: string): Promise<void> {
  const lib = join(root, "lib");
  if (!existsSync(lib)) return;
  await cp(lib, join(root, "usr/lib"), { recursive: true, verbatimSymlinks: true });
  await rm(lib, { recursive: true });
}
