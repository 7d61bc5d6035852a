import { chmodSync, copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabNode } from "../../lab/index.ts";
import { type Machine, systemctl } from "../guides/machine.ts";
import { Debian, dependencies } from "./debian.ts";

/** A Debian with a place in a lab, in which a reader types. */
export interface DebianMachine extends Machine {
  readonly debian: Debian;
}

const environment = [
  "HOME=/root",
  "LC_ALL=C",
  "DEBIAN_FRONTEND=noninteractive",
  "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
];

/** No Debian is without these. */
const essential = new Set(["util-linux"]);

/**
 * Makes a Debian out of a namespace, in which none of what the package depends on is installed, and a script stands for
 * systemd. Its network is that of the namespace, or with `isOnline` this machine's own.
 */
export async function debianOn(node: LabNode, { isOnline = false } = {}): Promise<DebianMachine> {
  const debian = await Debian.open("bookworm");
  const stands = { systemctl: await systemctl(), "systemd-tmpfiles": "#!/bin/sh\nexit 0\n" };
  for (const [name, script] of Object.entries(stands)) {
    const file = join(debian.root, "usr/bin", name);
    writeFileSync(file, script);
    chmodSync(file, 0o755);
  }
  const { namespace } = node;
  const mounts = ["proc", "sys", "dev", "run"].map((name) => `mount --rbind /${name} ${debian.root}/${name}`);
  await namespace.run("sh", "-euc", ["mkdir -p /run/systemd/system", ...mounts].join("\n"));
  const inside = (argv: readonly string[]): string[] => [
    "chroot",
    debian.root,
    "env",
    "-i",
    ...environment,
    ...argv,
  ];
  const removed = dependencies.filter((name) => !essential.has(name));
  await namespace.run(...inside(["dpkg", "--purge", "--force-depends", ...removed]));
  if (!isOnline) return { node, debian, enter: (argv) => namespace.enter(inside(argv)) };
  copyFileSync("/etc/resolv.conf", join(debian.root, "etc/resolv.conf"));
  return { node, debian, enter: inside };
}

/** Copies a folder from one machine to another. */
export function carry(folder: string, from: DebianMachine, to: DebianMachine): void {
  mkdirSync(join(to.debian.root, folder), { recursive: true });
  cpSync(join(from.debian.root, folder), join(to.debian.root, folder), { recursive: true });
}
