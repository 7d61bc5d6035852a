import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../packages/fetch.ts";
import { unpackDebian } from "./debian.ts";

/** What busybox stands for: what the launcher and the chart call, and what one looks around with. */
const applets = "cat cp dirname echo env grep ls mkdir mv ping readlink rm sed sh sleep stat tr uname".split(
  " ",
);

/** Folders that are there because something is mounted over them. */
const mountPoints = [
  "dev",
  "etc/cni/net.d",
  "etc/kubespan",
  "host/proc/sys/net",
  "proc",
  "run",
  "sys",
  "tls",
  "tmp",
  "var/lib/kubespan",
];

/** Parts of packages that are for people, for boots and for shells. Licences stay. */
const unwanted = [
  "etc/!(cni|kubespan)",
  "usr/share/!(doc)",
  "usr/share/doc/*/!(copyright)",
  "usr/include",
  "var/!(lib|run)",
  "usr/lib/systemd",
  "usr/lib/*/gconv",
  "usr/lib/*/audit",
];

/** Lays out the tools, a shell, and all libraries in `root`. Gives the names of the packages' archives. */
export function layOutTools(architecture: Architecture, root: string): string[] {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const archives = unpackDebian(architecture, root);
  for (const path of unwanted.flatMap((pattern) => globSync(pattern, { cwd: root })))
    rmSync(join(root, path), { recursive: true, force: true });
  for (const folder of [...mountPoints, "usr/local/bin"]) mkdirSync(join(root, folder), { recursive: true });
  if (!existsSync(join(root, "var/run"))) symlinkSync("../run", join(root, "var/run"));
  for (const applet of applets) {
    rmSync(join(root, "usr/bin", applet), { force: true });
    symlinkSync("busybox", join(root, "usr/bin", applet));
  }
  cpSync("packaging/image-sysctl", join(root, "usr/local/bin/sysctl"));
  chmodSync(join(root, "usr/local/bin/sysctl"), 0o755);
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  writeFileSync(join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
  return archives;
}
