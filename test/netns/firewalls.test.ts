import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFirewalld, startUfw } from "../../lab/firewalls.ts";
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
import { asked, say, serve } from "./talk.ts";

/*
 * The firewalls that distributions bring, as they are when somebody has just switched them on: `doctor` names what is in
 * the way, and the lines that it prints are all that it takes.
 *
 *   pod 10.244.1.2         pod 10.244.2.2
 *       fd44:1::2              fd44:2::2
 *      |                      |
 *   a 203.0.113.1, with    b 203.0.113.2      service 203.0.113.9
 *     2001:db8::1            2001:db8::2
 *     the firewall
 *   ===+======================+================+=== internet
 */
const firewalls = [
  { name: "ufw", start: startUfw, word: "ufw" },
  { name: "firewalld", start: startFirewalld, word: "firewall-cmd" },
] as const;

const node = (each: LabNode | undefined): LabNode => each ?? expect.fail("the lab is not there");

describe.each(firewalls)("$name", ({ start, word }) => {
  let lab: Lab;
  let [a, b, podA, podB, hub]: LabNode[] = [];
  const port = 8080;

  beforeAll(async () => {
    lab = await Lab.open();
    const internet = await publicNetwork(lab);
    hub = internet.hub;
    [a, b] = [await internet.host("a", 1), await internet.host("b", 2)];
    for (const [at, each] of [a, b].entries()) {
      await each.address("eth0", `2001:db8::${at + 1}/64`);
      await each.run("ip", "-6", "route", "add", "default", "via", "2001:db8::9");
    }
    [podA, podB] = [await a.pod(1, "fd44:1"), await b.pod(2, "fd44:2")];
    for (const each of [a, b, podA, podB]) await serve(each, port, each.name);
    // Docker and kubelets switch this on before any firewall is there.
    await a.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    await start(a);
    const options = { cluster: newCluster(), services: [internet.discovery.url] };
    await a.start({ ...options, daemon: { advertisedPrefixes: ["10.244.1.0/24", "fd44:1::/64"] } });
    await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24", "fd44:2::/64"] } });
    await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  });
  afterAll(() => lab.close());

  /** What doctor finds of the firewall. */
  async function found(): Promise<Finding[]> {
    const { stdout } = await node(a).namespace.attempt(
      kubespan,
      "doctor",
      "--config",
      configFile,
      "-o",
      "json",
    );
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    return findings.filter(({ id }) => id.startsWith("firewall"));
  }

  const warnings = async (): Promise<string[]> =>
    (await node(a).daemon.status()).warnings
      .map(({ who, what }) => `${who} ${what}`)
      .filter((each) => each.includes("what no rule accepts"));

  /** What peers and pods send through the mesh into this node, and what its pods send into it. */
  const ways = (): readonly (readonly [string, LabNode, string, string])[] => [
    ["a peer to the node", node(b), "203.0.113.2", "203.0.113.1"],
    ["a peer's pod to the node", node(podB), "10.244.2.2", "203.0.113.1"],
    ["a peer to the pod", node(b), "203.0.113.2", "10.244.1.2"],
    ["a peer's pod to the pod", node(podB), "10.244.2.2", "10.244.1.2"],
    ["the pod to a peer", node(podA), "10.244.1.2", "203.0.113.2"],
    ["the pod to a peer's pod", node(podA), "10.244.1.2", "10.244.2.2"],
    ["a peer to the node, IPv6", node(b), "2001:db8::2", "2001:db8::1"],
    ["a peer's pod to the pod, IPv6", node(podB), "fd44:2::2", "fd44:1::2"],
    ["the pod to a peer's pod, IPv6", node(podA), "fd44:1::2", "fd44:2::2"],
  ];

  async function connections(seconds: number): Promise<string[]> {
    const passed = await Promise.all(
      ways().map(async ([name, from, source, target]) =>
        (await asked(from, source, target, port, seconds)) === "" ? [] : [name],
      ),
    );
    return passed.flat();
  }

  /** Whether a stranger's packet to WireGuard's port gets through. It is counted before the firewall and after it. */
  async function dialsReach(): Promise<boolean> {
    await node(a).namespace.nft(`table inet counting {
      counter came { }
      counter passed { }
      chain first { type filter hook prerouting priority -500; ip saddr 203.0.113.9 udp dport 51820 counter name came; }
      chain last { type filter hook input priority 500; ip saddr 203.0.113.9 udp dport 51820 counter name passed; }
    }`);
    const counter = async (name: string): Promise<number> =>
      Number(
        /packets (\d+)/.exec(await node(a).run("nft", "list", "counter", "inet", "counting", name))?.[1],
      );
    await say(node(hub), "udp", "203.0.113.9", 0, "203.0.113.1", 51820, 51820);
    await waitFor(async () => (await counter("came")) > 0, { what: "the packet" });
    const passed = await counter("passed");
    await node(a).run("nft", "delete", "table", "inet", "counting");
    return passed > 0;
  }

  it("keeps out what peers and pods send, and doctor and status name it", async () => {
    expect(await dialsReach()).toBe(false);
    expect(await connections(2)).toEqual([]);
    const findings = await found();
    // Ufw keeps tables for each family.
    expect([...new Set(findings.map(({ id, severity }) => `${severity} ${id}`))]).toEqual([
      "warning firewall.input",
      "warning firewall.forward",
    ]);
    await waitFor(async () => (await warnings()).length > 0, { what: "the warning of status" });
  });

  it("lets all of it through after the lines that doctor prints", async () => {
    const commands = (await found()).flatMap(({ fix }) => fix?.commands ?? []);
    expect(commands.filter((line) => !line.startsWith(`${word} `))).toEqual([]);
    for (const line of commands) await node(a).run(...line.split(" "));
    expect(await found()).toMatchObject([{ id: "firewall", severity: "ok" }]);
    expect(await dialsReach()).toBe(true);
    expect(await connections(60)).toEqual(ways().map(([name]) => name));
    await waitFor(async () => (await warnings()).length === 0, { what: "status to warn no more" });
  });
});
