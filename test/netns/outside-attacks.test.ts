import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  unbroken,
  waitFor,
} from "../../lab/index.ts";
import { asked, counted, giveBack, say, serve, take } from "./talk.ts";

/*
 * Who is no member, and a member who wants more than it was offered; no packet of theirs opens the mesh.
 *
 *   pod 10.244.1.2     pod 10.244.2.2
 *       fd44:1::2          fd44:2::2
 *      | cni0             | cni0
 *   a 203.0.113.1      b 203.0.113.2     m 203.0.113.4     x 203.0.113.8, no member    hub 203.0.113.9,
 *   | 2001:db8::1        2001:db8::2       a member          2001:db8::8                 a's way out
 *   |  | eth0             | eth0            | eth0            | eth0                      | eth0
 *   | =+==================+=================+=================+=========================+=== internet
 *   | lan
 *   printer 192.168.7.2, and 169.254.169.254; a tells nobody of it
 */
let lab: Lab;
let internet: Network;
let [a, b, m, x, hub]: LabNode[] = [];
let [podA, podB, printer]: LabNode[] = [];
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host, hub: way } = await publicNetwork(lab);
  internet = network;
  hub = way;
  [a, b, m, x] = [await host("a", 1), await host("b", 2), await host("m", 4), await host("x", 8)];
  for (const [each, last] of [
    [a, 1],
    [b, 2],
    [m, 4],
    [x, 8],
    [hub, 9],
  ] as const) {
    await each.address("eth0", `2001:db8::${last}/64`);
    if (last !== 9) await each.run("ip", "-6", "route", "add", "default", "via", "2001:db8::9");
  }
  [podA, podB] = [await a.pod(1, "fd44:1"), await b.pod(2, "fd44:2")];
  printer = await lab.node("printer");
  await lab.connect(printer.namespace, "eth0", a.namespace, "lan");
  await a.address("lan", "192.168.7.1/24");
  await printer.address("eth0", "192.168.7.2/24");
  await printer.address("eth0", "169.254.169.254/32");
  await printer.defaultRoute("192.168.7.1");
  await a.run("ip", "route", "add", "169.254.169.254/32", "via", "192.168.7.2");
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, daemon: { advertisedPrefixes: ["10.244.1.0/24", "fd44:1::/64"] } });
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24", "fd44:2::/64"] } });
  await m.start(options);
  await Promise.all([
    a.daemon.waitForPeers("b", "m"),
    b.daemon.waitForPeers("a", "m"),
    m.daemon.waitForPeers("a", "b"),
  ]);
  await waitFor(() => node(podA).reaches("10.244.2.2"), { what: "the other pod" });
  await serve(a, 7000, "secret");
  await serve(podA, 7000, "secret");
});

afterAll(() => lab.close());

/** What crosses the network meanwhile. */
async function inClear(filter: string, act: () => Promise<unknown>): Promise<number> {
  const capture = await Capture.start(lab, internet);
  await act();
  await capture.stop();
  return (await capture.lines(filter)).length;
}

/** How many more packets a dropped meanwhile. */
async function droppedBy(
  kind: "outside" | "tunnel" | "entering",
  act: () => Promise<unknown>,
): Promise<number> {
  const count = async (): Promise<number> => (await node(a).daemon.status()).dropped?.[kind] ?? 0;
  const before = await count();
  await act();
  return (await count()) - before;
}

describe("forged packets do not take what a node sends out of the mesh", () => {
  it("28,000 of UDP, with the ports of an overlay the other way round", async () => {
    await take(node(x), "203.0.113.2");
    await say(node(x), "udp", "203.0.113.2", 8472, "203.0.113.1", 32_768, 60_999);
    await giveBack(node(x), "203.0.113.2");
    const clear = await inClear("udp port 8472 and src host 203.0.113.1", async () => {
      for (let port = 33_000; port < 60_000; port += 700)
        await say(node(a), "udp", "203.0.113.1", port, "203.0.113.2", 8472, 8472);
    });
    expect(clear).toBe(0);
  });

  it("the same from inside a pod, for the node's own", async () => {
    await take(node(podA), "203.0.113.2");
    await say(node(podA), "udp", "203.0.113.2", 8473, "203.0.113.1", 32_768, 33_768);
    await giveBack(node(podA), "203.0.113.2");
    const clear = await inClear("udp port 8473 and src host 203.0.113.1", async () => {
      for (let port = 32_800; port < 33_700; port += 50)
        await say(node(a), "udp", "203.0.113.1", port, "203.0.113.2", 8473, 8473);
    });
    expect(clear).toBe(0);
  });

  it("one of a protocol without ports, to each of two idle nodes", async () => {
    for (const [from, to] of [
      ["203.0.113.1", "203.0.113.2"],
      ["203.0.113.2", "203.0.113.1"],
    ] as const) {
      await take(node(x), from);
      await say(node(x), "raw", 253, from, to, 1);
      await giveBack(node(x), from);
    }
    const clear = await inClear("ip proto 253", async () => {
      await say(node(a), "raw", 253, "203.0.113.1", "203.0.113.2", 20);
      await say(node(b), "raw", 253, "203.0.113.2", "203.0.113.1", 20);
    });
    expect(clear).toBe(0);
  });

  it("the SYN of a connection that this node then opens itself", async () => {
    // Nobody refuses the forged one, so that its connection stays half open.
    await node(a).namespace.nft(`table inet silent {
      chain c { type filter hook output priority -250
        tcp flags rst drop
      }
    }`);
    await take(node(x), "203.0.113.2");
    await Promise.all(
      [40_001, 40_002, 40_003].map((port) =>
        node(x).namespace.attempt(
          "perl",
          "-MSocket=:all",
          "-e",
          synFrom("203.0.113.2", 10_250, "203.0.113.1", port),
        ),
      ),
    );
    await giveBack(node(x), "203.0.113.2");
    const clear = await inClear("tcp port 10250 and src host 203.0.113.1", () =>
      Promise.all(
        [40_001, 40_002, 40_003].map((port) =>
          node(a).namespace.attempt(
            "perl",
            "-MSocket=:all",
            "-e",
            synFrom("203.0.113.1", port, "203.0.113.2", 10_250),
          ),
        ),
      ),
    );
    await node(a).run("nft", "delete", "table", "inet", "silent");
    expect(clear).toBe(0);
  });
});

const synFrom = (source: string, port: number, target: string, to: number): string => `
  socket(my $s, AF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($s, pack_sockaddr_in(${port}, inet_aton("${source}"))) or die "bind: $!";
  alarm(2); connect($s, pack_sockaddr_in(${to}, inet_aton("${target}")));`;

describe("a host on the way completes no connection from a pod's address", () => {
  it.each([
    ["10.244.2.77", "203.0.113.1"],
    ["10.244.2.77", "10.244.1.2"],
    ["fd44:2::77", "2001:db8::1"],
    ["fd44:2::77", "fd44:1::2"],
  ])("%s to %s", async (source, target) => {
    await take(node(hub), source);
    for (const route of [
      ["10.244.1.0/24", "203.0.113.1"],
      ["fd44:1::/64", "2001:db8::1"],
    ] as const)
      await node(hub).run("ip", "route", "replace", route[0], "via", route[1]);
    let answer: string | undefined;
    const dropped = await droppedBy("outside", async () => {
      answer = await asked(node(hub), source, target, 7000, 4);
    });
    await giveBack(node(hub), source);
    expect(answer).toBe("");
    expect(dropped).toBeGreaterThan(0);
  });

  it("nor with what makes filters blind: extension headers, fragments", async () => {
    await take(node(x), "fd44:2::77");
    await node(x).run("ip", "route", "replace", "fd44:1::/64", "via", "2001:db8::1");
    const arrived = await counted(
      node(podA),
      "chain c { type filter hook input priority 0; meta l4proto udp ip6 saddr fd44:2::77 counter name seen; }",
      ["seen"],
      async () => {
        for (const [size, extension] of [
          [50, 1],
          [3000, 0],
          [3000, 1],
        ] as const)
          await say(node(x), "udp", "fd44:2::77", 9, "fd44:1::2", 900, 909, size, extension);
        await say(node(x), "raw", 253, "fd44:2::77", "fd44:1::2", 3);
        expect(await node(podA).reaches("fd44:2::2")).toBe(true);
      },
    );
    await giveBack(node(x), "fd44:2::77");
    expect(arrived).toEqual({ seen: 0 });
  });
});

describe("nobody gets into the mesh through a node with the source of a pod of its", () => {
  it.each([
    ["10.244.1.77", "10.244.2.2", "203.0.113.1"],
    ["10.244.1.77", "203.0.113.2", "203.0.113.1"],
    ["fd44:1::77", "fd44:2::2", "2001:db8::1"],
  ])("%s to %s", async (source, target, gateway) => {
    await take(node(x), source);
    await node(x).run("ip", "route", "replace", target, "via", gateway);
    const at = target === "203.0.113.2" ? node(b) : node(podB);
    const header = source.includes(":") ? "ip6" : "ip";
    let seen: Record<string, number> = {};
    const dropped = await droppedBy("entering", async () => {
      seen = await counted(
        at,
        `chain c { type filter hook input priority 0; ${header} saddr ${source} counter name seen; }`,
        ["seen"],
        async () => {
          await say(node(x), "udp", source, 9, target, 900, 909);
          expect(await node(a).reaches("203.0.113.2")).toBe(true);
        },
      );
    });
    await giveBack(node(x), source);
    await node(x).run("ip", "route", "del", target, "via", gateway);
    expect(seen).toEqual({ seen: 0 });
    expect(dropped).toBe(10);
  });
});

describe("a member does not reach what a node never offered", () => {
  beforeAll(async () => {
    await node(m).daemon.stop("SIGKILL"); // it would put its device in order
    const key = (await node(a).run("wg", "show", "kubespan", "public-key")).trim();
    const extra = "192.168.7.0/24,169.254.169.254/32,10.96.0.0/16,10.244.2.0/24";
    const { address } = (await node(a).daemon.status()).node;
    const own = `203.0.113.1/32,2001:db8::1/128,10.244.1.0/24,fd44:1::/64,${address}/128`;
    await node(m).run("wg", "set", "kubespan", "peer", key, "allowed-ips", `${own},${extra}`);
    for (const network of extra.split(","))
      await node(m).run("ip", "route", "add", network, "dev", "kubespan", "src", "203.0.113.4");
    await node(m).run("ip", "route", "replace", "10.244.1.0/24", "dev", "kubespan", "src", "203.0.113.4");
    // As kube-proxy does it for a service address, and what is published at an address of the node.
    await node(a).namespace.nft(`table ip service {
      chain in { type nat hook prerouting priority dstnat
        ip daddr 10.96.0.1 dnat to 192.168.7.2
        ip daddr 203.0.113.1 udp dport 31000 dnat to 192.168.7.2:9
      }
    }`);
  });

  const forwarded = `chain c { type filter hook forward priority 0; iifname "kubespan" counter name seen; }`;

  it.each([
    ["a host behind it", "192.168.7.2"],
    ["the cloud's metadata service", "169.254.169.254"],
    ["another member's pod", "10.244.2.2"],
    ["a service address, which is translated", "10.96.0.1"],
  ])("%s", async (_what, target) => {
    let seen: Record<string, number> = {};
    const dropped = await droppedBy("tunnel", async () => {
      seen = await counted(node(a), forwarded, ["seen"], async () => {
        await say(node(m), "udp", "203.0.113.4", 0, target, 900, 909);
        await node(m).ping(target, 1);
        expect(await node(m).reaches("10.244.1.2")).toBe(true);
      });
    });
    // Of the pod that does answer: the request. The answer comes from elsewhere.
    expect(seen).toEqual({ seen: 1 });
    expect(dropped).toBe(11);
  });

  it("but what is published at an address of the node, wherever that leads", async () => {
    const seen = await counted(node(a), forwarded, ["seen"], async () => {
      await say(node(m), "udp", "203.0.113.4", 0, "203.0.113.1", 31_000, 31_000);
      await waitFor(() => node(m).reaches("10.244.1.2"), { what: "the pod" });
    });
    expect(seen["seen"]).toBeGreaterThanOrEqual(2);
  });
});

it("and status tells of all of it", async () => {
  expect(unbroken((await node(a).daemon.command("status")).stdout)).toMatch(
    /^dropped: +\d+ that came in outside .*, \d+ out of the tunnel .*, \d+ into the mesh/m,
  );
});
