import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInMachine } from "./machine.ts";

const timeoutMs = 300_000;
let output: string;
beforeAll(async () => {
  output = await mkdtemp(join(tmpdir(), "kubespan-test-"));
});
afterAll(() => rm(output, { recursive: true, force: true }));

const shell = (script: string, more: object = {}) =>
  runInMachine({ command: ["sh", "-c", script], cwd: import.meta.dirname, timeoutMs, ...more });

test("exit code, both streams, words, environment, folder and output come through", async () => {
  const script = 'pwd; echo "$GREETING" >&2; printf %s "$1" >"$0/file"; exit 7';
  const words = ["sh", "-c", script, output, "it's $HOME *"];
  const env = { GREETING: 'say "hello"' };
  const result = await runInMachine({
    command: words,
    cwd: import.meta.dirname,
    timeoutMs,
    env,
    outputFolder: output,
  });
  expect(result).toEqual({ exitCode: 7, stdout: `${import.meta.dirname}\n`, stderr: 'say "hello"\n' });
  expect(await readFile(join(output, "file"), "utf8")).toBe("it's $HOME *");
});

test("what the guest does elsewhere does not reach the host", async () => {
  const before = await readdir(import.meta.dirname);
  const result = await shell("touch here && ls here");
  expect(result).toMatchObject({ exitCode: 0, stdout: "here\n" });
  expect(await readdir(import.meta.dirname)).toEqual(before);
});

/** Processes and files of ours. */
async function left(): Promise<object> {
  const files = await readdir(tmpdir());
  return {
    children: await readFile(`/proc/self/task/${process.pid}/children`, "utf8"),
    files: files.filter((name) => name.startsWith(`kubespan-machine-${process.pid}-`)),
  };
}

test("a guest that takes too long is ended, and leaves no process and no file", async () => {
  const before = await left();
  const run = runInMachine({ command: ["sleep", "3600"], cwd: "/", timeoutMs: 10_000 });
  await expect(run).rejects.toThrow("did not finish within 10 s");
  expect(await left()).toEqual(before);
});

// h1 ── wire (veth, 20 ms late each way) ── h2, and a tunnel over it that only the kernel's WireGuard can make.
const tunnel = `set -e; umask 077
for host in 1 2; do
  ip netns add h$host
  wg genkey > /run/key$host
done
ip link add wire netns h1 type veth peer name wire netns h2
for host in 1 2; do
  other=$((3 - host))
  in="ip -n h$host"
  $in address add 192.0.2.$host/24 dev wire
  $in link set wire up
  ip netns exec h$host tc qdisc add dev wire root netem delay 20ms
  $in link add tunnel type wireguard
  $in address add 198.51.100.$host/24 dev tunnel
  ip netns exec h$host wg set tunnel listen-port 51820 private-key /run/key$host \\
    peer "$(wg pubkey < /run/key$other)" endpoint 192.0.2.$other:51820 allowed-ips 198.51.100.$other/32
  $in link set tunnel up
done
ip netns exec h1 ping -c 3 -W 20 198.51.100.2
ip netns exec h1 wg show tunnel latest-handshakes
ls /var/run/wireguard 2>/dev/null || true
`;

test("its kernel has WireGuard and netem: a slow tunnel between two namespaces", async () => {
  const { exitCode, stdout, stderr } = await shell(tunnel);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toContain("3 packets transmitted, 3 received");
  const [, fastest] = /min\/avg\/max\/mdev = ([\d.]+)\//.exec(stdout) ?? [];
  expect(Number(fastest)).toBeGreaterThanOrEqual(40);
  expect(stdout).toMatch(/=\t[1-9]\d+\n$/); // a handshake took place, and no userspace process has a socket
});
