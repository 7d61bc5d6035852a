import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { makeNamespace, type Namespace } from "./namespace.ts";

const deadline = { timeout: 60_000, interval: 20 };

/** The program above in a namespace, and everything that it has said. */
let namespace: Namespace;
let watcher: ChildProcess;
let said: string[];

beforeEach(async () => {
  namespace = await makeNamespace("watch");
  await namespace.sh("ip link add kubespan type veth peer name far");
  await namespace.sh("ip link set kubespan up");
  await namespace.sh("nft add table inet talos_kubespan");
  said = [];
  start([]);
});
afterEach(async () => {
  await end();
  await namespace.remove();
});

/** `within`: a command that runs the program, and what it is told. */
function start(within: readonly string[], ...args: string[]): void {
  said = [];
  const program = [process.execPath, join(import.meta.dirname, "watch-kernel.ts"), ...args];
  watcher = spawn("ip", ["netns", "exec", namespace.name, ...within, ...program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  watcher.stdout?.setEncoding("utf8").on("data", (text: string) => said.push(...text.trimEnd().split("\n")));
}

async function end(): Promise<void> {
  if (watcher.exitCode !== null || watcher.signalCode !== null) return;
  watcher.kill("SIGKILL");
  await once(watcher, "exit");
}

const count = (word: string): number => said.filter((line) => line.startsWith(word)).length;

/** Nothing tells when the tools have subscribed: make a change again and again until it is reported. */
async function listening(): Promise<void> {
  for (const [make, undo] of [
    ["ip route add default dev kubespan table 180", "ip route del default table 180"],
    ["nft add chain inet talos_kubespan poke", "nft delete chain inet talos_kubespan poke"],
  ] as const)
    await vi.waitFor(async () => {
      const before = count("change");
      await namespace.sh(make);
      await namespace.sh(undo);
      await vi.waitFor(() => expect(count("change")).toBeGreaterThan(before), { timeout: 500, interval: 20 });
    }, deadline);
}

const childrenOf = async (pid: number): Promise<number[]> =>
  (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").filter(Boolean).map(Number);

/** The processes that do the watching, by the name of their program. */
async function watchers(): Promise<Map<string, number>> {
  const pids = await childrenOf(watcher.pid ?? 0);
  const named = await Promise.all(
    pids.map(async (pid) => [(await readFile(`/proc/${pid}/comm`, "utf8")).trim(), pid] as const),
  );
  return new Map(named);
}

const isAlive = (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/stat`, "utf8").then(
    (text) => !/\) [ZX] /.test(text),
    () => false,
  );

const gone = (pids: Iterable<number>): Promise<void> =>
  vi.waitFor(async () => expect(await Promise.all([...pids].map(isAlive))).not.toContain(true), deadline);

describe("a change is reported", () => {
  test("of each kind", async () => {
    await listening();
    for (const edit of [
      "ip route add default dev kubespan table 180 mtu 1420",
      "ip -6 route add default dev kubespan table 180 mtu 1420",
      "ip route flush table 180",
      "ip rule add priority 32500 fwmark 0x40/0x60 lookup 180",
      "ip rule del priority 32500",
      "ip address add fd00:0:0:2::1/64 dev kubespan nodad",
      "ip address add 192.0.2.1/24 dev far",
      "sysctl -q -w net.ipv4.conf.kubespan.rp_filter=2",
      "sysctl -q -w net.ipv4.ip_forward=1",
      "ip link set kubespan down",
      "nft add set inet talos_kubespan s { type ipv4_addr; }",
      "nft add element inet talos_kubespan s { 192.0.2.1 }",
      "nft delete table inet talos_kubespan",
      "nft add table inet talos_kubespan",
      "nft flush ruleset",
      "ip link del kubespan",
    ]) {
      const before = count("change");
      await namespace.sh(edit);
      await vi.waitFor(() => expect(count("change"), edit).toBeGreaterThan(before), deadline);
    }
    expect(count("error")).toBe(0);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ["itself", [], []],
    ["by a shell", [], ["shells"]],
    // The kernel names processes by the number that they have outside.
    ["in a container", ["unshare", "--pid", "--fork", "--kill-child"], []],
    ["by a shell in a container", ["unshare", "--pid", "--fork", "--kill-child"], ["shells"]],
  ])("but not if this program made it: %s", async (_name, within, args) => {
    await end();
    start(within, ...args);
    await listening(); // what it did may still be reported: then once more
    const [child] = within.length > 0 ? await childrenOf(watcher.pid ?? 0) : [watcher.pid];
    await namespace.sh("nft add table inet other");
    await namespace.sh("nft add chain inet other marks");
    await vi.waitFor(async () => {
      const [changes, made, others] = [count("change"), count("made"), count("others")];
      process.kill(child ?? 0, "SIGUSR2");
      await vi.waitFor(() => expect(count("made")).toBe(made + 1), deadline);
      // The kernel tells of changes in order: what comes after ours is reported after it.
      await namespace.sh("nft add rule inet other marks meta mark 1 accept");
      await vi.waitFor(() => expect(count("others")).toBe(others + 1), deadline);
      expect(count("change")).toBe(changes);
    }, deadline);
    // The same words of somebody else.
    const before = count("change");
    await namespace.sh("nft add set inet talos_kubespan own { type ipv4_addr; }");
    await namespace.sh("nft delete set inet talos_kubespan own");
    await vi.waitFor(() => expect(count("change")).toBeGreaterThan(before), deadline);
  });

  test("after a watching process died and was started again", async () => {
    await listening();
    const before = await watchers();
    for (const pid of before.values()) process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(count("error command")).toBe(2), deadline);
    await listening();
    const after = await watchers();
    expect([...after.keys()].sort()).toEqual(["ip", "nft"]);
    expect([...after.values()].some((pid) => [...before.values()].includes(pid))).toBe(false);
  });
});

describe("no watching process is left", () => {
  test("after stopping", async () => {
    await listening();
    const pids = [...(await watchers()).values()];
    expect(pids).toHaveLength(2);
    watcher.kill("SIGTERM");
    await once(watcher, "exit");
    expect(said).toContain("stopped");
    expect(count("error")).toBe(0);
    await gone(pids);
  });

  test("after SIGKILL", async () => {
    await listening();
    const pids = [...(await watchers()).values()];
    expect(pids).toHaveLength(2);
    watcher.kill("SIGKILL");
    await gone(pids);
  });
});
