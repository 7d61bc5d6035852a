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
 * What the host itself keeps from passing, though the tunnel is up.
 *
 *   a-pod 10.244.1.2  b-pod 10.244.2.2
 *     |                |
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
  const options = { cluster: newCluster(), services: [discovery.url] };
  for (const [at, node] of [a, b].entries()) {
    const third = at + 1;
    const behind = await node.pod(third);
    if (node === a) pod = behind;
    await node.start({ ...options, daemon: { advertisedPrefixes: [`10.244.${third}.0/24`] } });
  }
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await waitFor(() => pod.reaches("10.244.2.2"), { what: "an answer from pod to pod" });
});
afterAll(() => lab.close());

async function findings(on: LabNode, id: string): Promise<Finding[]> {
  const { stdout } = await on.namespace.attempt(kubespan, "doctor", "-c", configFile, "-o", "json");
  const { findings: all } = JSON.parse(stdout) as { findings: Finding[] };
  return all.filter((finding) => finding.id === id && finding.severity === "warning");
}

test("a firewall that drops what it does not know is named, and doctor's lines cure it", async () => {
  expect(await findings(a, "firewall.forward")).toEqual([]);
  await a.namespace.nft(`table inet other {
    chain arriving { type filter hook input priority 0; policy drop; ct state established,related accept; udp dport 51820 accept; }
    chain passing { type filter hook forward priority 0; policy drop; ct state established accept; }
  }`);
  expect(await pod.reaches("10.244.2.2")).toBe(false);
  const { warnings } = await a.daemon.waitForStatus("a warning for each chain", (status) =>
    ["arriving", "passing"].every((chain) =>
      status.warnings.some(({ who }) => who.endsWith(`chain ${chain}`)),
    ),
  );
  expect(warnings.map(({ what }) => what).join()).toContain("a tunnel may be up, and nothing pass");
  const found = [...(await findings(a, "firewall.input")), ...(await findings(a, "firewall.forward"))];
  expect(found).toHaveLength(2);
  for (const command of found.flatMap(({ fix }) => fix?.commands ?? [])) await a.run(...command.split(" "));
  expect(await pod.reaches("10.244.2.2")).toBe(true);
  expect(await b.reaches("203.0.113.1")).toBe(true);
  expect([...(await findings(a, "firewall.input")), ...(await findings(a, "firewall.forward"))]).toEqual([]);
});

test("a route that refuses what this node sends to pods of its peers is named", async () => {
  expect(await a.reaches("10.244.2.2")).toBe(true);
  expect(await findings(a, "routing.refused")).toEqual([]);
  await a.run("ip", "route", "add", "blackhole", "10.0.0.0/8");
  expect(await a.reaches("10.244.2.2")).toBe(false);
  expect(await pod.reaches("10.244.2.2")).toBe(true);
  const [finding] = await findings(a, "routing.refused");
  expect(finding).toMatchObject({ evidence: "blackhole 10.0.0.0/8" });
  const [, line = ""] = /(ip route add \S+) dev LINK/.exec(finding?.fix?.advice ?? "") ?? [];
  await a.run(...line.split(" "), "dev", "eth0");
  expect(await a.reaches("10.244.2.2")).toBe(true);
  expect(await findings(a, "routing.refused")).toEqual([]);
});

test("a missing /dev/net/tun is the problem that status shows", async () => {
  await b.daemon.command("down");
  await b.daemon.ended();
  await b.run("sh", "-c", "mkdir -p /dev/net && mount -t tmpfs tmpfs /dev/net");
  await b.start({
    cluster: newCluster(),
    services: ["http://203.0.113.9:3000"],
    daemon: { wireguard: "userspace" },
  });
  const { work } = await b.daemon.waitForStatus(
    "a problem",
    (status) => status.work.state !== "working" && status.error !== undefined,
  );
  expect(JSON.stringify(work)).toContain(
    "/dev/net/tun is missing: load the module tun, or give this container the device",
  );
});
