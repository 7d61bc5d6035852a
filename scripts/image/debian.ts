import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Architecture } from "../packages/fetch.ts";

/** The packages with the tools that the daemon starts, a shell for the launcher, and the libraries of these and of Node. */
const packages = [
  "busybox-static",
  "iproute2",
  "nftables",
  "procps",
  "util-linux",
  "wireguard-tools",
  "libc6",
  "libgcc-s1",
  "libstdc++6",
  "libbpf1",
  "libbsd0",
  "libcap-ng0",
  "libcap2",
  "libedit2",
  "libelf1",
  "libgmp10",
  "libjansson4",
  "libmd0",
  "libmnl0",
  "libnftables1",
  "libnftnl11",
  "libproc2-0",
  "libtinfo6",
  "libxtables12",
  "zlib1g",
];

/**
 * Unpacks the packages of this machine's Debian for an architecture into `root`. apt checks their signatures; its lists
 * are of its own, so the machine's architectures stay as they are. Gives the names of the archives, which have the versions.
 */
export function unpackDebian(architecture: Architecture, root: string): string[] {
  const work = mkdtempSync(join(tmpdir(), "kubespan-image-"));
  try {
    for (const folder of ["state/lists/partial", "cache/archives/partial", "archives"])
      mkdirSync(join(work, folder), { recursive: true });
    const settings = {
      "Dir::State": join(work, "state"),
      "Dir::State::status": "/dev/null",
      "Dir::Cache": join(work, "cache"),
      "APT::Architecture": architecture,
      "APT::Architectures": architecture,
      // Of the machine's sources those alone that Debian itself signs and has for all architectures.
      "Dir::Etc::sourcelist": debianSources(),
      "Dir::Etc::sourceparts": "/dev/null",
      "APT::Sandbox::User": "root",
    };
    const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    const apt = (...args: string[]): unknown =>
      execFileSync("apt-get", ["--quiet=2", ...options, ...args], {
        cwd: join(work, "archives"),
        stdio: ["ignore", "ignore", "inherit"],
      });
    apt("update");
    apt("download", ...packages);
    const archives = readdirSync(join(work, "archives")).toSorted();
    for (const archive of archives)
      execFileSync("dpkg-deb", ["--extract", join(work, "archives", archive), root]);
    for (const folder of ["bin", "sbin", "lib", "lib64"]) mergeIntoUsr(root, folder);
    return archives;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What Debian's installer does, too: /bin is a link to /usr/bin. */
function mergeIntoUsr(root: string, folder: string): void {
  const there = join(root, folder);
  if (existsSync(there)) {
    cpSync(there, join(root, "usr", folder), { recursive: true, verbatimSymlinks: true });
    rmSync(there, { recursive: true });
  }
  symlinkSync(`usr/${folder}`, there);
}

const debianSources = (): string => {
  const parts = "/etc/apt/sources.list.d/debian.sources";
  return readdirSync("/etc/apt/sources.list.d").includes("debian.sources") ? parts : "/etc/apt/sources.list";
};
