import { afterAll, beforeAll, expect, test } from "vitest";
import {
  configFile,
  kubespan,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import type { Finding } from "../../src/doctor/index.ts";

/*
 * A pod behind a, where links that come later do not forward.
 *
 *   a-pod 10.244.1.2
 *     |
 *   a 203.0.113.1    b 203.0.113.2
 *   ===+================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let pod: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b] = [await host("a", 1), await host("b", 2)];
  pod = await a.pod(1);
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv4.conf.default.forwarding=0");
  await a.start({ ...options, daemon: { advertisedPrefixes: ["10.244.1.0/24"] } });
  await b.start(options);
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
});
afterAll(() => lab.close());

test("the mesh's link forwards, whatever the default for new links is", async () => {
  await waitFor(() => b.reaches("10.244.1.2"), { what: "an answer of the pod" });
  expect(await pod.reaches("203.0.113.2")).toBe(true);
  expect(await a.run("cat", "/proc/sys/net/ipv4/conf/kubespan/forwarding")).toBe("1\n");
});

test("a link of pods that forwards nothing by itself is named by doctor, whose line cures it", async () => {
  const found = async (): Promise<readonly Finding[]> => {
    const { stdout } = await a.namespace.attempt(kubespan, "doctor", "-c", configFile, "-o", "json");
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    return findings.filter(({ id, severity }) => id === "link.ipv4_forwarding" && severity === "warning");
  };
  expect(await found()).toEqual([]);
  await a.namespace.sysctl("net.ipv4.conf.cni0.forwarding=0");
  expect(await pod.reaches("203.0.113.2")).toBe(false);
  const [finding, ...more] = await found();
  expect(more).toEqual([]);
  expect(finding?.text).toContain("IPv4 that arrives by cni0 is not forwarded");
  for (const line of finding?.fix?.commands ?? []) await a.run(...line.split(" "));
  expect(await pod.reaches("203.0.113.2")).toBe(true);
  expect(await found()).toEqual([]);
});

test("what pods need stays on when the mesh is taken down, and that is told", async () => {
  await a.daemon.command("down");
  await a.daemon.ended();
  await a.namespace.sysctl("net.ipv4.ip_forward=0");
  await a.daemon.start();
  await waitFor(async () => (await a.run("cat", "/proc/sys/net/ipv4/ip_forward")) === "1\n", {
    what: "forwarding",
  });
  await a.daemon.waitForPeers("b");
  const { exitCode, stderr } = await a.daemon.command("down");
  expect(exitCode).toBe(0);
  expect(stderr).toContain(
    "net.ipv4.ip_forward stays 1, though it was 0 before the mesh: cni0 may need it by now",
  );
  expect(await a.run("cat", "/proc/sys/net/ipv4/ip_forward")).toBe("1\n");
});
