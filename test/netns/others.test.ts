import { afterAll, beforeAll, expect, it } from "vitest";
import { kubespan, Lab, type LabNode } from "../../lab/index.ts";
import type { Finding } from "../../src/doctor/index.ts";

/*
 * Others who use the mark bits 0x60, table 180 or priority 32500, each of a kind and made with its own tool; the daemon
 * looks for them in the same way (src/marks).
 */
let lab: Lab;
let node: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  node = await lab.node("node");
  await node.run("ip", "link", "add", "cni0", "type", "bridge");
  await node.run("ip", "link", "set", "cni0", "up");
});

afterAll(() => lab.close());

/** What `doctor` says about marks: `ok`, or who and what. */
async function said(): Promise<string[]> {
  const { stdout } = await node.namespace.attempt(kubespan, "doctor", "-o", "json");
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  const marks = findings.filter(({ id }) => id === "marks");
  return marks.map(({ severity, text, evidence }) =>
    severity === "ok" ? severity : `${severity}: ${text}: ${evidence}`,
  );
}

const mark = "-t mangle -A PREROUTING -s 192.0.2.1 -j MARK --set-xmark 0x40/0x40";
const undone = (line: string): string => line.replace(" -A ", " -D ").replace(" add ", " del ");

it.each<[string, string, RegExp]>([
  [
    "nft add rule inet firewall c meta mark set meta mark \\| 0x20",
    "nft delete table inet firewall",
    /nft table inet firewall, chain c .*changes 0x20 of the packet mark/,
  ],
  [
    "nft add rule inet firewall c ct mark set 0x40",
    "nft delete table inet firewall",
    /nft table inet firewall, chain c .*sets 0x40 of the connection mark/,
  ],
  ...["iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy"].map(
    (tool): [string, string, RegExp] => {
      const line = `${tool} ${tool.startsWith("ip6") ? mark.replace("192.0.2.1", "2001:db8::1") : mark}`;
      return [
        line,
        undone(line),
        new RegExp(`${tool} table mangle, chain PREROUTING .*changes 0x40 of the packet mark`),
      ];
    },
  ),
  ...[
    ["ip rule add priority 99 fwmark 0x20/0x20 lookup 77", /IPv4 routing rule 99 .*looks at 0x20/],
    ["ip -6 rule add priority 99 fwmark 0x40 lookup 77", /IPv6 routing rule 99 .*looks at 0x40/],
    ["ip rule add priority 99 from 192.0.2.1 lookup 180", /IPv4 routing rule 99 .*leads to table 180/],
    ["ip rule add priority 32500 from 192.0.2.1 lookup main", /IPv4 routing rule 32500 .*our priority/],
    ["ip route add 192.0.2.0/24 dev cni0 table 180", /IPv4 routes in table 180 .*192\.0\.2\.0\/24 dev cni0/],
  ].map(([line, form]): [string, string, RegExp] => [String(line), undone(String(line)), form as RegExp]),
  [
    "wireguard-go wg9 2>/dev/null && wg set wg9 fwmark 0x60",
    "ip link del wg9",
    /WireGuard link wg9 .*sets 0x60 of the packet mark/,
  ],
])("%s", async (line, undo, form) => {
  expect(await said()).toEqual(["ok"]);
  if (line.startsWith("nft "))
    await node.run("sh", "-c", "nft add table inet firewall; nft add chain inet firewall c");
  await node.run("sh", "-c", line);
  const found = await said();
  await node.run("sh", "-c", undo);
  expect(found).toEqual([expect.stringMatching(form)]);
});

it("marks of others that leave our bits alone are nobody's business", async () => {
  const lines = [
    "iptables-nft -t mangle -A PREROUTING -j MARK --set-xmark 0x4000/0x4000",
    "iptables-legacy -t mangle -A PREROUTING -j MARK --set-xmark 0x10000/0xffff0000",
    "ip rule add priority 98 fwmark 0x80000/0xff0000 lookup main",
    "wireguard-go wg8 2>/dev/null && wg set wg8 fwmark 0x80000",
  ];
  for (const line of lines) await node.run("sh", "-c", line);
  expect(await said()).toEqual(["ok"]);
});

const askedAbout = (bits: string) =>
  node.namespace.attempt(kubespan, "marks", bits, "--machine", "-o", "json");

it("kubespan marks finds the same rules for whoever asks about their bits, and ends with 14", async () => {
  const free = await askedAbout("0x1000/0x3000");
  expect(free.exitCode).toBe(0);
  const lines = [
    "nft add table inet firewall; nft add chain inet firewall c",
    "nft add rule inet firewall c meta mark and 0x1000 == 0x1000 drop",
    "ip6tables-nft -t mangle -A PREROUTING -j MARK --set-xmark 0x1000/0x1000",
    "ip rule add priority 97 fwmark 0x2000/0x2000 lookup main",
  ];
  for (const line of lines) await node.run("sh", "-c", line);
  const { exitCode, stdout } = await askedAbout("0x1000/0x3000");
  const { collisions } = JSON.parse(stdout) as { readonly collisions: readonly { who: string }[] };
  expect(exitCode).toBe(14);
  expect(collisions.map(({ who }) => who).toSorted()).toEqual([
    "IPv4 routing rule 97",
    "ip6tables-nft table mangle, chain PREROUTING",
    "nft table inet firewall, chain c",
  ]);
});
