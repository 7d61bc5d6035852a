import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { INPUT } from "../../src/base/command.ts";
import { type Address, parseAddress } from "../../src/net/index.ts";
import { observeLinks, observeRouting } from "../../src/routing/effects/observe.ts";
import { type DesiredRouting, planRouting, type RoutingScope } from "../../src/routing/index.ts";
import { apply, failing, makeNamespace, type Namespace } from "./namespace.ts";

/* One namespace with two links, each a veth pair: `kubespan` stands for the WireGuard link, `eth0` for hardware. */
const scope: RoutingScope = {
  interfaceName: "kubespan",
  table: 180,
  priority: 32500,
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
};

const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
};

const desired: DesiredRouting = {
  address: address("fd7f:175a:b97c:5602::1"),
  ipv4Source: address("192.0.2.7"),
  mtu: 1420,
  isClosed: true,
};

let namespace: Namespace;
beforeEach(async () => {
  namespace = await makeNamespace("routing");
  await namespace.sh("sysctl -q -w net.ipv6.conf.default.addr_gen_mode=1"); // link-local addresses come when they like
  await makeLink("eth0");
  await makeLink("kubespan");
  // What the mesh's link carries once more is an address of this host, which it answers for itself.
  for (const own of ["192.0.2.7/32", "192.0.2.99/32"]) await namespace.sh(`ip address add ${own} dev lo`);
});
afterEach(() => namespace?.remove());

async function makeLink(name: string): Promise<void> {
  await namespace.sh(`ip link add ${name} type veth peer name far-${name}`);
  await namespace.sh(`ip link set far-${name} up`);
  await namespace.sh(`ip link set ${name} up`);
}

const lookAtLinks = () => observeLinks(namespace.run);
const observe = async () => observeRouting(namespace.run, scope, await lookAtLinks(), namespace.read);

async function converge(wanted: DesiredRouting | undefined): Promise<void> {
  await apply(namespace.run, planRouting(wanted, await observe()));
  expect(planRouting(wanted, await observe())).toEqual([]);
}

/** All rules, routes and addresses; the order and who made a rule do not matter. */
async function picture(): Promise<string> {
  const tables = ["-4 rule", "-6 rule", "-4 route show table all", "-6 route show table all", "-o address"];
  const lines = await Promise.all(tables.map((what) => namespace.sh(`ip ${what}`)));
  return lines
    .flatMap((text) => text.replaceAll(" proto openr", "").split("\n"))
    .map((line) => line.trim())
    .sort()
    .join("\n");
}

describe("the routing of the mesh", () => {
  test("is what other nodes' operators know", async () => {
    await converge(desired);
    for (const family of ["-4", "-6"])
      expect(await namespace.sh(`ip ${family} rule show`)).toMatch(
        /^32500:\tfrom all fwmark 0x40\/0x60 lookup 180$/m,
      );
    expect(await namespace.sh("ip -4 route show table 180")).toMatch(
      /^default dev kubespan scope link src 192\.0\.2\.7 mtu 1420 *\nunreachable default metric 4278190080\s*$/,
    );
    expect(await namespace.sh("ip -6 route show table 180")).toMatch(
      /^default dev kubespan src fd7f:175a:b97c:5602::1 metric 1024 mtu 1420 pref medium\nunreachable default dev lo metric 4278190080 pref medium\s*$/,
    );
  });

  test.each([
    ["192.0.2.1", "0x40", true],
    ["192.0.2.1", "0xf40", true],
    ["2001:db8::1", "0x40", true],
    ["192.0.2.1", "0x20", false],
    ["192.0.2.1", "0x60", false],
  ])("leads a packet to %s with the mark %s into the link: %s", async (target, mark, enters) => {
    await namespace.sh("ip route add default dev eth0");
    await converge(desired);
    const route = await namespace.sh(`ip route get ${target} mark ${mark}`);
    expect(route.includes("dev kubespan table 180")).toBe(enters);
  });

  test("follows another MTU and another address", async () => {
    await converge(desired);
    await converge({ ...desired, mtu: 1280 });
    expect(await namespace.sh("ip route show table 180")).toContain("mtu 1280");
    await converge({ ...desired, address: address("fd00:0:0:2::7") });
    expect(await namespace.sh("ip -6 route show table 180")).toContain("src fd00:0:0:2::7");
    expect(await namespace.sh("ip -6 address show dev kubespan")).not.toContain("5602");
    await converge({ ...desired, ipv4Source: address("192.0.2.99") });
    expect(await namespace.sh("ip -br -4 address show dev kubespan")).toMatch(/UP +192\.0\.2\.99\/32 *$/);
    await converge({ ...desired, ipv4Source: undefined });
    expect(await namespace.sh("ip -4 address show dev kubespan")).toContain("169.254.180.1/32 scope link");
    expect(await namespace.sh("ip route show table 180")).not.toContain("src");
  });

  test("leaves nothing behind and everything else alone", async () => {
    await namespace.sh("ip rule add priority 32499 fwmark 0x40/0x60 lookup 180");
    await namespace.sh("ip rule add priority 32500 fwmark 0x1 lookup 99");
    await namespace.sh("ip address add 198.51.100.1/24 dev eth0");
    await namespace.sh("ip route add 203.0.113.0/24 dev eth0 table 180");
    await namespace.sh("ip rule del priority 32500");
    const before = await picture();
    await converge(desired);
    expect(await picture()).not.toBe(before);
    await converge(undefined);
    expect(await picture()).toBe(before);
  });
});

describe("what others do is undone", () => {
  test.each<[string, string[]]>([
    ["a rule deleted", ["ip rule del priority 32500"]],
    ["an IPv6 rule deleted", ["ip -6 rule del priority 32500"]],
    ["a rule doubled", ["ip rule add priority 32500 fwmark 0x40/0x60 lookup 180 protocol 99"]],
    ["the table flushed", ["ip route flush table 180"]],
    ["the IPv6 table flushed", ["ip -6 route flush table 180"]],
    ["no barrier", ["ip route del unreachable default table 180 metric 4278190080"]],
    ["no IPv6 barrier", ["ip -6 route del unreachable default table 180 metric 4278190080"]],
    ["another source", ["ip route replace default dev kubespan table 180 mtu 1420 src 127.0.0.1"]],
    ["no IPv6 source", ["ip -6 route replace default dev kubespan table 180 mtu 1420"]],
    ["the IPv4 address deleted", ["ip address del 192.0.2.7/32 dev kubespan"]],
    [
      "the IPv4 address with another scope",
      ["ip address del 192.0.2.7/32 dev kubespan", "ip address add 192.0.2.7/32 dev kubespan scope link"],
    ],
    ["another IPv4 address", ["ip address add 192.0.2.8/32 dev kubespan"]],
    ["another MTU", ["ip route replace default dev kubespan table 180 mtu 9000"]],
    ["another IPv6 MTU", ["ip -6 route replace default dev kubespan table 180 mtu 9000"]],
    ["no MTU", ["ip route replace default dev kubespan table 180"]],
    ["a better metric", ["ip -6 route add default dev kubespan table 180 metric 5 mtu 9000"]],
    ["a worse metric", ["ip route add default dev kubespan table 180 metric 5"]],
    ["a gateway", ["ip route replace default via 192.0.2.1 dev kubespan onlink table 180"]],
    ["the address deleted", ["ip address del fd7f:175a:b97c:5602::1/64 dev kubespan"]],
    [
      "the address with other bits",
      [
        "ip address del fd7f:175a:b97c:5602::1/64 dev kubespan",
        "ip address add fd7f:175a:b97c:5602::1/128 dev kubespan",
      ],
    ],
    ["another KubeSpan address", ["ip address add fd00:1:1:2::9/64 dev kubespan nodad"]],
    ["the link down and up", ["ip link set kubespan down", "ip link set kubespan up"]],
  ])("%s", async (_name, edits) => {
    await converge(desired);
    const before = await picture();
    for (const edit of edits) await namespace.sh(edit);
    expect(planRouting(desired, await observe())).not.toEqual([]);
    await converge(desired);
    expect(await picture()).toBe(before);
  });

  test("the link deleted and made again", async () => {
    await converge(desired);
    await namespace.sh("ip link del kubespan");
    const plan = planRouting(desired, await observe());
    await makeLink("kubespan");
    await apply(namespace.run, plan);
    await converge(desired);
    await namespace.sh("ip link del kubespan");
    await converge(undefined);
  });
});

describe("what somebody else put in our place is a conflict, and stays", () => {
  test.each<[string, string]>([
    ["a rule for another table", "ip rule add priority 32500 fwmark 0x40/0x60 lookup 99"],
    ["a rule for another mark", "ip rule add priority 32500 fwmark 0x40 lookup 180"],
    ["a rule that asks for more", "ip rule add priority 32500 from 10.0.0.0/8 fwmark 0x40/0x60 lookup 180"],
    ["a rule that asks for the opposite", "ip rule add priority 32500 not fwmark 0x40/0x60 lookup 180"],
    ["a rule that refuses", "ip -6 rule add priority 32500 fwmark 0x40/0x60 prohibit"],
    ["a default route elsewhere", "ip route add default dev eth0 table 180"],
    ["a better default route elsewhere", "ip -6 route add default dev eth0 table 180 metric 1"],
    ["a black hole", "ip route add blackhole default table 180"],
    ["an unreachable network", "ip -6 route add unreachable default table 180"],
    ["several next hops", "ip route add default table 180 nexthop dev eth0 nexthop dev kubespan"],
  ])("%s", async (_name, edit) => {
    await namespace.sh(edit);
    const before = await picture();
    const observed = await observe();
    expect(() => planRouting(desired, observed)).toThrow(
      expect.objectContaining({ code: "conflict", hint: expect.stringMatching(/in the configuration/) }),
    );
    await converge(undefined);
    expect(await picture()).toBe(before);
  });

  test("networks that are no default routes do not stand in the way", async () => {
    await namespace.sh("ip route add 203.0.113.0/24 dev eth0 table 180");
    await converge(desired);
    expect(await namespace.sh("ip route show table 180")).toContain("203.0.113.0/24 dev eth0");
  });
});

test("what comes out of the link is let in where the host filters by reverse path", async () => {
  const far = await makeNamespace("far");
  try {
    await namespace.sh(`ip link set far-kubespan netns ${far.name}`);
    await far.sh("ip link set far-kubespan up");
    await far.sh("ip address add 10.0.0.5/32 dev far-kubespan");
    await far.sh("ip route add 198.51.100.1 dev far-kubespan src 10.0.0.5");
    await namespace.sh("ip address add 198.51.100.1/24 dev eth0");
    await namespace.sh("ip route add default dev eth0"); // so that replies would leave there, but for the mark
    await namespace.sh("sysctl -q -w net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.kubespan.rp_filter=2");
    const input = `table inet probe { counter arrived { }
      chain c { type filter hook input priority 0; policy accept; udp dport 9 counter name arrived; }; }\n`;
    await namespace.run({ program: "nft", args: ["-f", INPUT], input });
    const send = async (): Promise<string> => {
      const args = ["netns", "exec", far.name, "bash", "-c", "echo x > /dev/udp/198.51.100.1/9"];
      await far.run({ program: "ip", args });
      return namespace.sh("nft list counters table inet probe");
    };
    await converge(desired);
    await vi.waitFor(async () => expect(await send()).toMatch(/packets [1-9]/), {
      timeout: 60_000,
      interval: 50,
    });
  } finally {
    await far.remove();
  }
});

test("a host without IPv6 gets the rest", async () => {
  await namespace.sh("sysctl -q -w net.ipv6.conf.all.disable_ipv6=1");
  await converge(desired);
  expect(await namespace.sh("ip route show table 180")).toContain("default dev kubespan");
  await namespace.sh("sysctl -q -w net.ipv6.conf.all.disable_ipv6=0");
  await converge(desired);
  expect(await namespace.sh("ip -6 route show table 180")).toContain("default dev kubespan");
});

test.each([false, true])(
  "a pass after a command that failed (after its work: %s) finishes",
  async (afterwards) => {
    for (const [wanted, count] of [[desired, 9] as const, [undefined, 8] as const])
      for (let at = 1; at <= count; at++) {
        await converge(wanted === undefined ? desired : undefined);
        const plan = planRouting(wanted, await observe());
        expect(plan.flatMap((step) => step.commands)).toHaveLength(count);
        await expect(apply(failing(namespace.run, at, afterwards), plan)).rejects.toThrow("out of order");
        await converge(wanted);
      }
  },
);
