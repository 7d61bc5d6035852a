import { afterAll, beforeAll, expect, it } from "vitest";
import type { Result } from "../../lab/command.ts";
import { configFile, Lab, type LabNode, newCluster, publicNetwork } from "../../lab/index.ts";

/*
 * What a user gets who forgot `sudo`, on a node whose daemon runs.
 *
 *   a 203.0.113.1   b 203.0.113.2   service 203.0.113.9
 *   ===+================+=================+=== internet
 */
let lab: Lab;
let a: LabNode;

/** The project in the node's namespace, where every user may read it, wherever it lies. */
const program = "/run/program";

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  a = await host("a", 1);
  const b = await host("b", 2);
  const options = { cluster: newCluster(), services: [discovery.url] };
  await Promise.all([a.start(options), b.start(options)]);
  await a.daemon.waitForPeers("b");
  await a.run("mkdir", program);
  await a.run("mount", "--bind", process.cwd(), program);
  await a.namespace.write("/run/readable.yaml", a.namespace.read(configFile), 0o644);
});

afterAll(() => lab.close());

const becomeUser = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];

const asUser = (...args: readonly string[]): Promise<Result> =>
  a.namespace.attempt(...becomeUser, "env", "HOME=/nonexistent", `${program}/bin/kubespan`, ...args);

/** `C` stands for the option that names the configuration, which only root may read, as `kubespan init` makes it. */
const C = ["--config", configFile];
const needsRoot: readonly (readonly [command: string, ...options: string[]])[] = [
  ["init", "--service", "https://discovery.example.org/"],
  ["join", "--token-file", "/run/token"],
  ["leave", ...C],
  ["token", ...C],
  ["run", ...C],
  ["run", "--dry-run", ...C],
  ["down", ...C],
  ["forget", "b", ...C],
  ["evict", "b", "--key", "/run/kubespan.yaml", ...C],
  ["rotate key", ...C],
  ["rotate secret", "--key", "/run/kubespan.yaml", ...C],
  ["status", ...C],
  ["get", "peers", ...C],
  ["why", "203.0.113.2", ...C],
  ["ping", "b", ...C],
  ["netcheck", ...C],
  ["matrix", ...C],
  ["connectivity test", ...C],
  ["graph", ...C],
  ["log-level", ...C],
  ["config patch", "/run/readable.yaml", ...C],
  ["config edit", ...C],
  ["config confirm", ...C],
  ["barrier load", ...C],
  ["bugreport", "--file", "/run/report.tar.gz", ...C],
  ["doctor", ...C],
  ["marks", "0x40/0xff", "--machine"],
];

it.each(needsRoot)("kubespan %s says that it needs root", async (command, ...options) => {
  const { stdout, stderr, exitCode } = await asUser(...command.split(" "), ...options);
  const told = command === "doctor" ? stdout : stderr;
  expect([exitCode, told]).toEqual([5, expect.stringMatching(/root|this user may not/)]);
});

const needsNone: readonly (readonly [command: string, ...options: string[]])[] = [
  ["validate", "/run/readable.yaml"],
  ["gen config", "--output", "-"],
  ["help status"],
  ["man"],
  ["completion bash"],
];

it.each(needsNone)("kubespan %s needs none", async (command, ...options) => {
  const { stdout, stderr, exitCode } = await asUser(...command.split(" "), ...options);
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("root")]);
  expect(stdout).not.toBe("");
});
