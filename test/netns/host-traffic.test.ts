import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
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

async function findings(on: LabNode, ...ids: readonly string[]): Promise<Finding[]> {
  const { stdout } = await on.namespace.attempt(kubespan, "doctor", "-c", configFile, "-o", "json");
  const { findings: all } = JSON.parse(stdout) as { findings: Finding[] };
  return all.filter((finding) => ids.includes(finding.id) && finding.severity === "warning");
}

/** The warnings of doctor about firewalls of a. */
const firewalls = () => findings(a, "firewall.input", "firewall.forward");

/** Whether an attempt to connect by TCP arrives, where nobody listens: firewalls let pings pass that drop all else. */
async function arrives(from: LabNode, to: string): Promise<boolean> {
  const connect = `exec 3<>/dev/tcp/${to}/9`;
  const { stderr } = await from.namespace.attempt("timeout", "2", "bash", "-c", connect);
  return stderr.includes("Connection refused");
}

/** What gets to a and what gets from its pod to b's, by the mesh. */
const passes = async () => ({
  node: await arrives(b, "203.0.113.1"),
  pods: await arrives(pod, "10.244.2.2"),
});

const iptables = (rule: string) => `iptables -w ${rule}`;
const flush = ["-P FORWARD ACCEPT", "-F INPUT", "-F FORWARD"].map(iptables);

describe("a firewall is named, and doctor's lines cure it", () => {
  it.each([
    [
      "of nftables, that knows WireGuard's port alone",
      [
        "nft add table inet other",
        "nft add chain inet other arriving { type filter hook input priority 0; policy drop; }",
        "nft add rule inet other arriving ct state established,related accept",
        "nft add rule inet other arriving udp dport 51820 accept",
        "nft add chain inet other passing { type filter hook forward priority 0; policy drop; }",
        "nft add rule inet other passing ct state established accept",
      ],
      { node: false, pods: false },
      ["chain arriving", "chain passing"],
      ["nft delete table inet other"],
    ],
    [
      "that forwards nothing, as Docker sets it up",
      ["-P FORWARD DROP"].map(iptables),
      { node: true, pods: false },
      ["chain FORWARD"],
      flush,
    ],
    [
      "that ends with a rejection, as images of Oracle and of Red Hat's family have it",
      [
        "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -i lo -j ACCEPT",
        "-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT",
        "-A INPUT -j REJECT --reject-with icmp-host-prohibited",
        "-A FORWARD -j REJECT --reject-with icmp-host-prohibited",
      ].map(iptables),
      { node: false, pods: false },
      ["chain INPUT", "chain FORWARD"],
      flush,
    ],
  ])("%s", async (_, rules, lost, chains, undo) => {
    expect([await firewalls(), await passes()]).toEqual([[], { node: true, pods: true }]);
    for (const rule of rules) await a.run(...rule.split(" "));
    expect(await passes()).toEqual(lost);
    const { warnings } = await a.daemon.waitForStatus("a warning for each chain", (status) =>
      chains.every((chain) => status.warnings.some(({ who }) => who.endsWith(chain))),
    );
    expect(warnings.map(({ what }) => what).join()).toContain("a tunnel may be up, and nothing pass");
    const found = await firewalls();
    expect(found).toHaveLength(chains.length);
    for (const command of found.flatMap(({ fix }) => fix?.commands ?? [])) await a.run(...command.split(" "));
    expect([await firewalls(), await passes()]).toEqual([[], { node: true, pods: true }]);
    for (const command of undo) await a.run(...command.split(" "));
  });
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

test("doctor counts the tracked connections against how many there may be, and says which MTU it did not test", async () => {
  const all = async (): Promise<readonly Finding[]> => {
    const { stdout } = await a.namespace.attempt(kubespan, "doctor", "-c", configFile, "-o", "json");
    return (JSON.parse(stdout) as { findings: Finding[] }).findings;
  };
  const before = await all();
  const [, count = "", most = ""] =
    /^(\d+) of at most (\d+) connections$/.exec(
      before.find(({ id }) => id === "conntrack")?.evidence ?? "",
    ) ?? [];
  expect(Number(count)).toBeGreaterThan(0);
  expect(Number(most)).toBeGreaterThan(Number(count));
  expect(before.find(({ id }) => id === "mtu.eth0")?.text).toContain("were not looked for");
  // As in clouds with jumbo frames inside, and 1500 bytes on the way to other sites.
  await a.run("ip", "link", "set", "eth0", "mtu", "9001");
  expect((await all()).find(({ id }) => id === "mtu.eth0")).toMatchObject({
    severity: "note",
    text: expect.stringContaining(
      "if every network on the way to the peers takes 9001 bytes, too: that was not tested",
    ) as string,
    fix: { advice: expect.stringContaining("ping -M do -s 8973 PEER") as string },
  });
  await a.run("ip", "link", "set", "eth0", "mtu", "1500");
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
