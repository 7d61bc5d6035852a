import { afterAll, beforeAll, expect, it } from "vitest";
import { Lab, type LabNode, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";

/*
 * Whatever somebody else does to what is ours is noticed from the kernel's events, put back, counted and told.
 *
 *   a 203.0.113.1    b 203.0.113.2
 *   ===+================+=== internet
 */
let lab: Lab;
let a: LabNode;
let whole: string;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  const b = await host("b", 2);
  a = await host("a", 1);
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, daemon: { advertisedPrefixes: ["10.244.1.0/24", "fd44:1::/64"] } });
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24", "10.8.0.0/13"] } });
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await waitFor(() => a.reaches("203.0.113.2"), { what: "an answer through the mesh" });
  whole = await state();
});

afterAll(() => lab.close());

const settings = [
  "net.ipv4.ip_forward",
  "net.ipv6.conf.all.forwarding",
  "net.ipv4.conf.kubespan.rp_filter",
  "net.ipv6.conf.kubespan.disable_ipv6",
];

/** All that the mesh made in the kernel. */
const state = (): Promise<string> =>
  a.run(
    "sh",
    "-c",
    `nft -s list table inet talos_kubespan; nft -s list table inet kubespan_racing
     for f in 4 6; do ip -$f rule show priority 32500; ip -$f route show table 180; done
     ip -o address show dev kubespan | awk '{print $3, $4}' | grep -v '^inet6 fe80'
     ip -o link show dev kubespan | sed 's/^[0-9]*: //; s/qdisc.*//'
     sysctl ${settings.join(" ")}`,
  );

/** Passes over everything come every 30 s without an event: what takes less was noticed from one. */
const soonMs = 15_000;

const table = "inet talos_kubespan";

it.each([
  ["table", "nft flush ruleset"],
  ["table", `nft delete table ${table}`],
  ["table", `nft flush chain ${table} kubespan_outgoing`],
  ["table", `nft insert rule ${table} kubespan_outgoing accept`],
  ["table", `nft flush set ${table} kubespan_hosts_ipv4`],
  ["table", `nft add element ${table} kubespan_hosts_ipv4 '{ 192.0.2.1 }'`],
  ["table", `nft delete element ${table} kubespan_blocks_ipv4 '{ 10.244.2.0 }'`],
  ["table", `nft delete element ${table} kubespan_targets_ipv4 '{ 10.8.0.0/13 }'`],
  ["routing", "ip rule del priority 32500"],
  ["routing", "ip -6 rule del priority 32500"],
  ["routing", "ip route flush table 180"],
  ["routing", "ip -6 route flush table 180"],
  ["routing", "ip route del unreachable default table 180"],
  ["routing", "ip -4 address flush dev kubespan"],
  ["routing", "ip -6 address flush dev kubespan scope global"],
  ["link", "ip link set kubespan down"],
  ["link", "ip link set kubespan mtu 1300"],
  ["link", "ip link del kubespan"],
  ["settings", "sysctl -qw net.ipv4.ip_forward=0"],
  ["settings", "sysctl -qw net.ipv6.conf.all.forwarding=0"],
  ["settings", "sysctl -qw net.ipv4.conf.kubespan.rp_filter=1"],
  ["settings", "sysctl -qw net.ipv6.conf.kubespan.disable_ipv6=1"],
] as const)("%s: %s", async (part, damage) => {
  const before = (await a.daemon.status()).repairs[part];
  const start = performance.now();
  await a.run("sh", "-c", damage);
  await waitFor(async () => (await state().catch(() => "")) === whole, {
    what: `a repair after ${damage}`,
    describe: state,
    pollMs: 20,
  });
  const took = performance.now() - start;
  process.stderr.write(`${damage}: put back after ${took.toFixed(0)} ms\n`);
  expect(took).toBeLessThan(soonMs);
  expect((await a.daemon.status()).repairs[part]).toBeGreaterThan(before);
  expect(await a.daemon.log()).toContain("put back what somebody else had changed");
});

it("what the mesh changes itself is no repair", async () => {
  const before = (await a.daemon.status()).repairs;
  a.daemon.signal("SIGHUP");
  await a.run("ip", "link", "set", "eth0", "mtu", "1400");
  await a.daemon.waitForStatus("a smaller MTU", ({ node }) => node.mtu === 1320);
  await waitFor(async () => (await state()).includes("mtu 1320"), { what: "the link to follow" });
  expect((await a.daemon.status()).repairs).toEqual(before);
});
