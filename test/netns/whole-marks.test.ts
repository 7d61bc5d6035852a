import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { say } from "./talk.ts";

/*
 * Rules of others that write the whole packet mark: GKE's netd and many a guide for several uplinks copy it from the
 * connection and back. WireGuard's own packets never go into the link because of that, and nothing leaves in clear.
 *
 *   pod 10.244.1.2         pod 10.244.2.2
 *       fd44:1::2              fd44:2::2
 *      | cni0                 | cni0
 *   a 203.0.113.1          b 203.0.113.2
 *     2001:db8::1            2001:db8::2
 *   ===+======================+=== internet
 */
let lab: Lab;
let internet: Network;
let [a, b, third, podA, podB]: LabNode[] = [];
let options: ConfigOptions;
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b, third] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  for (const [at, each] of [a, b, third].entries()) {
    await each.address("eth0", `2001:db8::${at + 1}/64`);
    await each.run("ip", "-6", "route", "add", "default", "via", "2001:db8::9");
  }
  [podA, podB] = [await a.pod(1, "fd44:1"), await b.pod(2, "fd44:2")];
  options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, daemon: { advertisedPrefixes: ["10.244.1.0/24", "fd44:1::/64"] } });
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24", "fd44:2::/64"] } });
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets) await waitFor(() => node(podA).reaches(target), { what: target });
});

afterAll(() => lab.close());

const targets = ["203.0.113.2", "2001:db8::2", "10.244.2.2", "fd44:2::2"];
const echoes = "icmp or (icmp6 and (ip6[40] == 128 or ip6[40] == 129))";

/** Rules of iptables for both families, and their removal. */
async function mangle(verb: "-A" | "-D", rules: readonly string[]): Promise<void> {
  for (const tool of ["iptables", "ip6tables"])
    for (const rule of rules) await node(a).run(tool, "-w", "-t", "mangle", verb, ...rule.split(" "));
}

const restored = [
  "PREROUTING -j CONNMARK --restore-mark",
  "OUTPUT -j CONNMARK --restore-mark",
  "POSTROUTING -j CONNMARK --save-mark",
];

const sentBytes = async (): Promise<number> => {
  const lines = (await node(a).run("wg", "show", "kubespan", "transfer")).trim().split("\n");
  return lines.reduce((sum, line) => sum + Number(line.split("\t")[2]), 0);
};

describe.each([
  ["the connection's mark, copied to every packet and back", restored],
  ["the same without what the node sends itself", restored.filter((rule) => !rule.startsWith("OUTPUT"))],
  ["another mark for all that the node sends", ["OUTPUT -j MARK --set-mark 0x1"]],
  ["another mark for all that leaves", ["POSTROUTING -j MARK --set-mark 0x1"]],
])("%s", (_name, rules) => {
  afterEach(() => mangle("-D", rules).catch(() => undefined));

  it("works in both directions, without a loop and in no packet in clear", async () => {
    const capture = await Capture.start(lab, internet);
    await mangle("-A", rules);
    const before = await sentBytes();
    for (const target of targets) {
      expect([target, await node(a).ping(target)]).toEqual([target, { sent: 3, received: 3 }]);
      expect([target, await node(podA).ping(target)]).toEqual([target, { sent: 3, received: 3 }]);
    }
    for (const target of ["203.0.113.1", "2001:db8::1", "10.244.1.2", "fd44:1::2"]) {
      expect([target, await node(b).ping(target)]).toEqual([target, { sent: 3, received: 3 }]);
      expect([target, await node(podB).ping(target)]).toEqual([target, { sent: 3, received: 3 }]);
    }
    // A pod that says with WireGuard's ports what a member would hear in clear.
    for (const [from, to] of [
      ["10.244.1.2", "203.0.113.2"],
      ["fd44:1::2", "2001:db8::2"],
    ] as const) {
      await say(node(podA), "udp", from, 51_820, to, 51_820, 51_822);
      await say(node(podA), "udp", from, 900, to, 51_820, 51_820);
    }
    await capture.stop();
    expect((await sentBytes()) - before).toBeLessThan(500_000);
    expect(await capture.lines(echoes)).toEqual([]);
    expect(await capture.contains("F".repeat(40))).toBe(false);
    expect((await capture.lines("udp port 51820")).length).toBeGreaterThan(20);
  });
});

it("closes the mesh, without a loop, where rules leave nothing to know WireGuard's packets by", async () => {
  const all = ["OUTPUT -j MARK --set-mark 0x1", "OUTPUT -j CONNMARK --save-mark"];
  const capture = await Capture.start(lab, internet);
  await mangle("-A", all);
  const before = await sentBytes();
  for (const target of targets) await node(podA).ping(target);
  await capture.stop();
  await mangle("-D", all);
  expect((await sentBytes()) - before).toBeLessThan(500_000);
  expect(await capture.lines(echoes)).toEqual([]);
  expect((await node(a).daemon.status()).dropped.leaving).toBeGreaterThan(0);
  for (const target of targets) await waitFor(() => node(podA).reaches(target), { what: `${target} again` });
});

it("is the same where the rules are there before the daemon", async () => {
  const c = node(third);
  for (const tool of ["iptables", "ip6tables"])
    for (const rule of restored) await c.run(tool, "-w", "-t", "mangle", "-A", ...rule.split(" "));
  const capture = await Capture.start(lab, internet);
  await c.start(options);
  await Promise.all([c.daemon.waitForPeers("a", "b"), node(b).daemon.waitForPeers("a", "c")]);
  for (const target of targets) await waitFor(() => c.reaches(target), { what: target });
  for (const target of targets) expect(await c.ping(target)).toEqual({ sent: 3, received: 3 });
  await capture.stop();
  expect(await capture.lines(`(${echoes}) and not host 203.0.113.9`)).toEqual([]);
});

it("status and doctor tell what to do about such a rule, which is not to take other bits", async () => {
  await mangle("-A", restored);
  const { warnings } = await node(a).daemon.waitForStatus("the warning", (status) =>
    status.warnings.some(({ who }) => who.includes("table mangle, chain OUTPUT")),
  );
  const found = warnings.filter(({ who }) => who.includes("table mangle"));
  expect(found.length).toBeGreaterThan(0);
  for (const { what } of found) expect(what).toContain("copies the whole");
  const { stdout } = await node(a).daemon.command("doctor");
  expect(stdout).toContain("0xffffff9f");
  await mangle("-D", restored);
});

it("makes no loop of packets from another port than the table knows, and puts the port back", async () => {
  const before = await sentBytes();
  await node(a).run("wg", "set", "kubespan", "listen-port", "5556");
  await node(a).ping("203.0.113.2");
  await node(a).ping("2001:db8::2");
  await node(a).daemon.status(); // a look at the kernel, which finds the port
  await waitFor(async () => (await node(a).run("wg", "show", "kubespan", "listen-port")).trim() === "51820", {
    what: "the port",
  });
  await waitFor(() => node(a).reaches("203.0.113.2"), { what: "the other node" });
  expect((await sentBytes()) - before).toBeLessThan(500_000);
});
