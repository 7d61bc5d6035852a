import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * Whatever leads past the rule of the mesh: nothing leaves in clear by it, and where others have rules of their own, the
 * mesh goes on working.
 *
 *                              machine 203.0.113.4 (2001:db8::4), no member
 *                                 | br0, with br_netfilter
 *   a 203.0.113.1    b 203.0.113.2|
 *     2001:db8::1      2001:db8::2|
 *   ===+================+=========+=== internet
 */
let lab: Lab;
let internet: Network;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await host("a", 1), await host("b", 2)];
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const [at, node] of [a, b].entries()) {
    await node.address("eth0", `2001:db8::${at + 1}/64`);
    await node.start(options);
  }
  await a.namespace.sysctl("net.ipv4.ping_group_range=0 2147483647");
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets)
    await waitFor(() => a.reaches(target), { what: `an answer of ${target} through the mesh` });
});

afterAll(() => lab.close());

const targets = ["203.0.113.2", "2001:db8::2"];
const fromA = "(icmp and src host 203.0.113.1) or (icmp6 and ip6[40] == 128 and src host 2001:db8::1)";

/** What a says to b in clear, in both families and all the time, while something happens. */
async function inClear(act: (streams: readonly PingStream[]) => Promise<unknown>): Promise<string[]> {
  const capture = await Capture.start(lab, internet);
  const streams: PingStream[] = [];
  for (const target of targets) streams.push(await PingStream.start(a, target, 0.005));
  await act(streams);
  for (const pings of streams) await pings.moreAnswers(20);
  for (const pings of streams) await pings.stop();
  await capture.stop();
  expect((await capture.lines("udp port 51820")).length).toBeGreaterThan(20);
  return capture.lines(fromA);
}

const own = (priority: number): RegExp =>
  new RegExp(`^${priority}:\tfrom all fwmark 0x40/0x60 lookup 180`, "m");

const rules = (family: string): Promise<string> => a.run("ip", family, "rule", "show");

describe("a rule of somebody else's before ours", () => {
  it.each([
    [
      "from a source, as hosts with several uplinks have them",
      "from SOURCE lookup main priority 10001",
      10000,
    ],
    ["for everything, as Tailscale's", "from all lookup 52 priority 5270", 5269],
    ["for what lacks a mark", "fwmark 0x0/0x80000 lookup main priority 5000", 4999],
    ["the first of all", "from all lookup main priority 1", 0],
  ])("%s", async (_name, rule, second) => {
    const families = [
      ["-4", "203.0.113.1", "203.0.113.0/24"],
      ["-6", "2001:db8::1", "2001:db8::/64"],
    ] as const;
    for (const [family, , network] of families)
      await a.run("ip", family, "route", "replace", network, "dev", "eth0", "table", "52");
    const clear = await inClear(async (streams) => {
      for (const [family, source] of families)
        await a.run("ip", family, "rule", "add", ...rule.replace("SOURCE", source).split(" "));
      for (const [family] of families)
        await waitFor(async () => own(second).test(await rules(family)), {
          what: "our rule before it",
          describe: () => rules(family),
        });
      for (const pings of streams) await pings.moreAnswers(20);
      const named = new RegExp(`routing rule ${second + 1} comes before the mesh's`);
      await a.daemon.waitForStatus("a warning for each family", ({ warnings }) =>
        ["IPv4", "IPv6"].every((family) =>
          warnings.some(({ who, what }) => who.startsWith(family) && named.test(`${who} ${what}`)),
        ),
      );
      expect((await a.daemon.command("doctor")).stdout).toMatch(named);
      for (const [family, source] of families)
        await a.run("ip", family, "rule", "del", ...rule.replace("SOURCE", source).split(" "));
      for (const [family] of families)
        await waitFor(async () => !own(second).test(await rules(family)), {
          what: "our rule to go with it",
          describe: () => rules(family),
        });
    });
    expect(clear).toEqual([]);
  });

  it("that only leads to sockets of this node, as of a transparent proxy, is left alone", async () => {
    await a.run("ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo", "table", "2004");
    await a.run("ip", "rule", "add", "priority", "9", "fwmark", "0x200/0xf00", "lookup", "2004");
    await a.run("ip", "rule", "add", "priority", "5270", "lookup", "52");
    await waitFor(async () => (await rules("-4")).includes("5269:"), {
      what: "our rule before the other one",
    });
    expect(await rules("-4")).not.toMatch(/^8:/m);
    await a.run("ip", "rule", "del", "priority", "5270");
    await a.run("ip", "rule", "del", "priority", "9");
    await waitFor(async () => !(await rules("-4")).includes("5269:"), { what: "our rule to go" });
  });
});

describe("what needs no rule", () => {
  const unprivileged = [
    "setpriv",
    "--reuid=65534",
    "--clear-groups",
    "--inh-caps=-all",
    "--bounding-set=-all",
  ];

  it.each([
    ["a socket that is bound to the link, of a user without privileges", unprivileged, ["-I", "eth0"]],
    ["a socket with WireGuard's mark", [], ["-m", String(0x20)]],
    ["a socket with WireGuard's mark, bound to the link", [], ["-m", String(0x20), "-I", "eth0"]],
    ["a socket with both marks, bound to the link", [], ["-m", String(0x60), "-I", "eth0"]],
  ])("%s", async (_name, as, how) => {
    const clear = await inClear(async () => {
      for (const target of targets)
        await a.namespace.attempt(...as, "ping", "-n", "-i", "0.2", "-c", "5", "-W", "1", ...how, target);
    });
    expect(clear).toEqual([]);
  });

  it("an overlay that is bound to the link: its packets have a link-layer header inside, and are no bridge's", async () => {
    const capture = await Capture.start(lab, internet);
    for (const [name, id, ends] of [
      ["vx4", "4", "local 203.0.113.1 remote 203.0.113.2"],
      ["vx6", "6", "local 2001:db8::1 remote 2001:db8::2"],
    ] as const) {
      const made = `link add ${name} type vxlan id ${id} dev eth0 dstport 8472 ${ends}`;
      await a.run("ip", ...made.split(" "));
      await a.run("ip", "address", "add", `10.99.${id}.1/24`, "dev", name);
      await a.run("ip", "link", "set", name, "up");
      await a.ping(`10.99.${id}.2`, 3);
    }
    await capture.stop();
    expect(Number((await a.run("cat", "/sys/class/net/vx4/statistics/tx_packets")).trim())).toBeGreaterThan(
      0,
    );
    for (const name of ["vx4", "vx6"]) await a.run("ip", "link", "del", name);
    expect(await capture.lines("udp port 8472")).toEqual([]);
  });

  it.each([
    ["the rule deleted", "ip rule del priority 32500; ip -6 rule del priority 32500"],
    ["the table flushed", "ip route flush table 180; ip -6 route flush table 180"],
    [
      "all rules deleted and made anew, as netplan and networkd do it",
      "for f in 4 6; do ip -$f rule flush; ip -$f rule add priority 32766 lookup main; ip -$f route flush table 180; done",
    ],
  ])("%s", async (_name, command) => {
    const clear = await inClear(async (streams) => {
      for (let round = 0; round < 3; round++) {
        await a.run("sh", "-c", command);
        for (const pings of streams) await pings.moreAnswers(20);
      }
    });
    await a.run("sh", "-c", "for f in 4 6; do ip -$f rule add priority 0 lookup local; done 2>&1 || true");
    expect(clear).toEqual([]);
  });
});

it("a machine behind a bridge keeps its own traffic", async () => {
  const bridge = await lab.node("bridge");
  const machine = await lab.node("machine");
  await bridge.attach(internet);
  await lab.connect(machine.namespace, "eth0", bridge.namespace, "vnet0");
  const setUp = [
    "ip link add br0 type bridge",
    "ip link set eth0 master br0",
    "ip link set vnet0 master br0",
    "ip link set br0 up",
    "ip address add 203.0.113.5/24 dev br0",
    "ip address add 2001:db8::5/64 dev br0 nodad",
    "sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1",
  ];
  for (const line of setUp) await bridge.run(...line.split(" "));
  await machine.address("eth0", "203.0.113.4/24");
  await machine.address("eth0", "2001:db8::4/64");
  await bridge.start(options);
  await bridge.daemon.waitForPeers("a", "b");
  for (const target of targets) {
    await waitFor(() => bridge.reaches(target), { what: `the mesh on the bridge to ${target}` });
    expect(await machine.ping(target)).toEqual({ sent: 3, received: 3 });
  }
  const capture = await Capture.start(lab, internet);
  for (const target of targets)
    await bridge.namespace.attempt("ping", "-c", "3", "-i", "0.2", "-I", "br0", target);
  await capture.stop();
  expect(
    await capture.lines(
      "(icmp or (icmp6 and ip6[40] == 128)) and (src host 203.0.113.5 or src host 2001:db8::5)",
    ),
  ).toEqual([]);
});
