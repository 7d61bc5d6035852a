import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isUnified, joining, makeControlGroups, mountControlGroups } from "./control-groups.ts";
import { type Kind, type Namespace, plain } from "./namespace.ts";
import { waitFor } from "./wait.ts";

/** The devices that it has, each with its numbers. Nothing in it reaches another one, whatever file it makes. */
const devices: Readonly<Record<string, string>> = {
  null: "1 3",
  zero: "1 5",
  full: "1 7",
  random: "1 8",
  urandom: "1 9",
  tty: "5 0",
  "net/tun": "10 200",
};

/** What would change the time, the modules, the log, or another state of the host, which every process in it lacks. */
const lacked = [
  "audit_control",
  "audit_read",
  "mac_admin",
  "mac_override",
  "sys_module",
  "sys_pacct",
  "sys_rawio",
  "sys_time",
  "syslog",
  "wake_alarm",
].map((name) => `-${name}`);

/** What is for devices, terminals, file systems of the host, or the network beyond the test. */
const masked = [
  "apt-daily-upgrade.timer",
  "apt-daily.timer",
  "console-getty.service",
  "dev-hugepages.mount",
  "e2scrub_all.timer",
  "getty.target",
  "sys-fs-fuse-connections.mount",
  "systemd-udev-trigger.service",
  "systemd-udevd-control.socket",
  "systemd-udevd-kernel.socket",
  "systemd-udevd.service",
];

const environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"];
/** Becomes a program that can never have what is lacked: process 1, and each that enters beside it. */
const confined = ["setpriv", "--bounding-set", lacked.join(), "--inh-caps", lacked.join(), "--"];

/**
 * A namespace with a root of its own, a layer of memory above the one that is given, and with namespaces of all kinds but
 * users, in which the root's systemd is process 1. It runs as in a container. The host's state is out of its reach where
 * namespaces end: the settings of its network are the only ones that can be written, it sees no devices but those above,
 * and of the control groups those below its own. When process 1 is killed, the kernel kills all others.
 */
export async function systemd(name: string, hostname: string, root: string): Promise<Kind> {
  const groups = await makeControlGroups(name);
  await allowDevices(groups);
  const others = ["--ipc", "--cgroup"];
  return {
    ...plain,
    // The one that waits for process 1 ends with this process, and process 1 with it.
    unshare: [...others, "--pid", "--fork", "--kill-child"],
    enter: (pid) => [...others, `--pid=/proc/${pid}/ns/pid_for_children`],
    before: [...environment, ...confined],
    wrap: (argv) => joining(groups, argv),
    setUp: [
      "mkdir /run/above /run/work /run/root",
      `mount -t overlay -o lowerdir=${root},upperdir=/run/above,workdir=/run/work overlay /run/root`,
      "cd /run/root",
      `echo ${hostname} >etc/hostname`,
      `echo 127.0.0.1 localhost ${hostname} >etc/hosts`,
      "tr -d - </proc/sys/kernel/random/uuid >etc/machine-id", // without one systemd enables every unit
      ...masked.map((unit) => `ln -sf /dev/null etc/systemd/system/${unit}`),
      ...kernelFiles(),
      ...deviceFiles,
      "pivot_root . mnt",
      "cd /",
      "umount -l /mnt",
    ],
    ownFolders: ["etc", "root", "var"],
    program: [
      ...environment,
      "container=lab",
      ...confined,
      "/lib/systemd/systemd </dev/null >/dev/null 2>&1",
    ].join(" "),
  };
}

/** Resolves when systemd has started everything that it starts at boot. */
export async function booted(namespace: Namespace): Promise<void> {
  const failed = ["systemctl", "--failed", "--no-legend"];
  let state = "";
  await waitFor(
    async () => {
      state = (await namespace.attempt("systemctl", "is-system-running")).stdout.trim();
      return state === "running";
    },
    {
      what: "systemd to have booted",
      seconds: 300,
      describe: async () => `${state}: ${(await namespace.attempt(...failed)).stdout}`,
    },
  );
}

/** The kernel's own file systems. What is below /proc/sys is the host's but for the network's part. */
const kernelFiles = (): string[] => [
  "mount -t proc proc proc",
  "mount --bind proc/sys proc/sys",
  "mount --bind proc/sys/net proc/sys/net",
  "mount -o remount,bind,ro proc/sys",
  // Not every kernel has this one.
  "{ [ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger; }",
  "mount -t sysfs sysfs sys",
  ...mountControlGroups("sys/fs/cgroup"),
  // That is of version 1 the folder of the hierarchies.
  ...(isUnified() ? [] : ["mount -o remount,ro sys/fs/cgroup"]),
  "mount -o remount,bind,ro sys",
];

const deviceFiles = [
  "mount -t tmpfs -o mode=755 dev dev",
  "mkdir dev/net dev/pts dev/shm",
  ...Object.entries(devices).map(([path, numbers]) => `mknod -m 666 dev/${path} c ${numbers}`),
  "mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts",
  "ln -s pts/ptmx dev/ptmx",
  "ln -s /proc/self/fd dev/fd",
  ...["in", "out", "err"].map((name, number) => `ln -s /proc/self/fd/${number} dev/std${name}`),
];

async function allowDevices(groups: readonly string[]): Promise<void> {
  const folder = groups.find((path) => path.startsWith("/sys/fs/cgroup/devices/"));
  if (folder === undefined) return;
  await writeFile(join(folder, "devices.deny"), "a");
  const numbers = Object.values(devices).map((both) => both.replace(" ", ":"));
  // A device that may be made and not opened is what a container has, too; terminals are its own instance's.
  for (const rule of [...numbers, "5:2", "136:*"].map((each) => `c ${each} rwm`).concat("c *:* m", "b *:* m"))
    await writeFile(join(folder, "devices.allow"), rule);
}
