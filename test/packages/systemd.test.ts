// The machine itself in which services are tested: what it is, and that the host keeps nothing of it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, test } from "vitest";
import { hierarchies, membersOf } from "../../lab/control-groups.ts";
import { Lab, waitFor } from "../../lab/index.ts";
import { listNamespaces } from "../../lab/namespace.ts";
import { debianOf } from "./debian.ts";

let root: string;
beforeAll(async () => {
  root = await debianOf("bookworm", "systemd");
}, 3_600_000);

/** The capabilities to load modules, reach devices by their ports, set the time, and read the log, as bits. */
const forbidden = [16n, 17n, 25n, 34n].reduce((bits, bit) => bits | (1n << bit), 0n);

/** What the lab of a process has on the host: namespaces and control groups, each by its name. */
function traces(pid: number): string[] {
  const isItsOwn = (name: string): boolean => name.startsWith(`kubespan-lab-${pid}-`);
  const groups = hierarchies().flatMap(({ own }) => readdirSync(own));
  return [...listNamespaces(), ...groups].filter(isItsOwn);
}

/** The kernel's settings that belong to no namespace, and all mounts but those of network namespaces. */
function hostState(): readonly string[] {
  const names = ["core_pattern", "hostname", "panic", "pid_max", "printk"];
  const settings = names.map((name) => readFileSync(join("/proc/sys/kernel", name), "utf8"));
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return [...settings, ...mounts.filter((line) => !line.includes(" /run/netns"))];
}

test("it is a whole machine that reaches nothing of the host, and it leaves nothing", async () => {
  const before = hostState();
  const lab = await Lab.open();
  try {
    const { namespace } = await lab.systemd("box", root);
    const shell = (script: string) => namespace.attempt("sh", "-c", script);
    expect((await shell("hostname; cat /proc/1/comm; id -u")).stdout).toBe("box\nsystemd\n0\n");
    // What would do harm where it succeeds is not tried: process 1, and each that enters, must lack the power to do it.
    const powers = "for pid in 1 self; do grep CapBnd /proc/$pid/status; done";
    for (const line of (await shell(powers)).stdout.trim().split("\n"))
      expect(Number(BigInt(`0x${line.slice(8)}`) & forbidden)).toBe(0);
    const settings = "/proc/sys /sys /sys/fs/cgroup";
    const writable = `for path in ${settings}; do findmnt -no OPTIONS $path | grep -w rw; done`;
    expect((await shell(writable)).stdout).toBe("");
    expect((await shell("mknod /root/disk b 254 0 && head -c 1 /root/disk")).stderr).toMatch(/not permitted/);
    const groups = await shell("ls -d /sys/fs/cgroup/*/*kubespan-lab*");
    expect(groups.stdout).toBe("");
    expect((await shell("sysctl -w net.ipv4.ip_forward=1 && echo >/dev/null")).exitCode).toBe(0);
    // What runs in it without being asked for is ended with it.
    await shell("systemd-run --unit=endless sleep infinity; mount -t tmpfs tmpfs /mnt; ip netns add inner");
    expect(traces(process.pid).length).toBeGreaterThan(2);
  } finally {
    await lab.close();
  }
  expect(traces(process.pid)).toEqual([]);
  expect(hostState()).toEqual(before);
});

test("a process that is killed takes its machine with it, and the next lab removes the rest", async () => {
  const script = `
    import { Lab } from "${join(import.meta.dirname, "../../lab/index.ts")}";
    const node = await (await Lab.open()).systemd("box", process.argv[1]);
    console.log(await node.run("cat", "/proc/sys/kernel/random/boot_id"));
    setInterval(() => undefined, 1000);`;
  const child = execa(process.execPath, ["--input-type=module", "-e", script, root], { reject: false });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const pid = child.pid ?? 0;
  const processes = () =>
    traces(pid)
      .filter((name) => name.endsWith("-box"))
      .flatMap((name) => membersOf(name));
  expect(processes().length).toBeGreaterThan(1);
  child.kill("SIGKILL");
  await child;
  await waitFor(() => processes().length === 0, { what: "the machine to have ended with its maker" });
  await (await Lab.open()).close();
  expect(traces(pid)).toEqual([]);
});
