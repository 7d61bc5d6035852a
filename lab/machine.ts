import { joining, makeControlGroups, mountControlGroups, passControllersOn } from "./control-groups.ts";
import { type Kind, plain } from "./namespace.ts";

/**
 * The settings of the whole machine that a kubelet insists on. It finds them as it wants them, and the machine's own stay
 * as they are.
 */
const settings: Readonly<Record<string, number>> = {
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/keys/root_maxbytes": 25_000_000,
};

/** The folders of the machine that are copied on write. What is written is in memory, and gone with the namespace. */
const copied = ["etc", "opt", "var"];

/**
 * A namespace that a container runtime takes for a whole machine: with System V IPC and control groups of its own, and a
 * private copy of /etc, /opt and /var.
 */
export async function machine(name: string): Promise<Kind> {
  const groups = await makeControlGroups(name);
  return {
    ...plain,
    unshare: ["--ipc", "--cgroup"],
    enter: () => ["--ipc", "--cgroup"],
    wrap: (argv) => joining(groups, argv),
    setUp: [
      // `ip netns exec` has mounted /sys anew, and nothing below it.
      ...mountControlGroups("/sys/fs/cgroup"),
      ...passControllersOn("/sys/fs/cgroup"),
      ...copied.flatMap((folder) => overlay(folder)),
      ...Object.entries(settings).flatMap(([path, value]) => setting(path, value)),
      // Nobody asks the machine's name servers, to which no way leads.
      "rm -f /etc/resolv.conf",
      "echo nameserver 127.0.0.1 >/etc/resolv.conf",
      "mkdir -p /etc/cni/net.d /opt/cni/bin /var/lib/kubelet /var/lib/cni /run/netns",
      "mount --make-rshared /",
      "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
    ],
    ownFolders: copied,
  };
}

const overlay = (folder: string): string[] => {
  const own = `/run/copied/${folder}`;
  const options = `lowerdir=/${folder},upperdir=${own}/upper,workdir=${own}/work`;
  return [`mkdir -p ${own}/upper ${own}/work`, `mount -t overlay overlay -o ${options} /${folder}`];
};

const setting = (path: string, value: number): string[] => {
  const file = `/run/settings/${path}`;
  return [`mkdir -p $(dirname ${file})`, `echo ${value} >${file}`, `mount --bind ${file} /proc/sys/${path}`];
};
