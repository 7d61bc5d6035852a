import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, type LabNode, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";

/*
 * Filters of the reverse path that are rules, and not settings: what comes out of the mesh passes them wherever they ask
 * for the mark.
 *
 *   pod 10.244.1.2         pod 10.244.2.2
 *       fd44:1::2              fd44:2::2
 *      | cni0                 | cni0
 *   a 203.0.113.1          b 203.0.113.2, with the filter
 *     2001:db8::1            2001:db8::2
 *   ===+======================+=== internet
 */
let lab: Lab;
let [a, b, podA, podB]: LabNode[] = [];
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b] = [await host("a", 1), await host("b", 2)];
  for (const [at, each] of [a, b].entries()) {
    await each.address("eth0", `2001:db8::${at + 1}/64`);
    await each.run("ip", "-6", "route", "add", "default", "via", "2001:db8::9");
  }
  [podA, podB] = [await a.pod(1, "fd44:1"), await b.pod(2, "fd44:2")];
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, daemon: { advertisedPrefixes: ["10.244.1.0/24", "fd44:1::/64"] } });
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24", "fd44:2::/64"] } });
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets) await waitFor(() => node(podA).reaches(target), { what: target });
});

afterAll(() => lab.close());

const targets = ["203.0.113.2", "2001:db8::2", "10.244.2.2", "fd44:2::2"];
const sources = ["203.0.113.1", "2001:db8::1", "10.244.1.2", "fd44:1::2"];

const table = (name: string, priority: string, lines: readonly string[]): string =>
  `table inet ${name} {
    counter seen { }
    chain filter_PREROUTING {
      type filter hook prerouting priority ${priority}; policy accept;
      iif lo accept
      icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
      ${lines.join("\n")}
    }
  }`;

const missing = "fib saddr . mark . iif oif missing counter name seen drop";

async function everythingPasses(): Promise<void> {
  for (const target of targets) {
    expect([target, await node(a).ping(target)]).toEqual([target, { sent: 3, received: 3 }]);
    expect([target, await node(podA).ping(target)]).toEqual([target, { sent: 3, received: 3 }]);
  }
  for (const target of sources) {
    expect([target, await node(b).ping(target)]).toEqual([target, { sent: 3, received: 3 }]);
    expect([target, await node(podB).ping(target)]).toEqual([target, { sent: 3, received: 3 }]);
  }
}

describe("what comes out of the mesh passes a filter of the reverse path", () => {
  it.each([
    ["firewalld's", "filter + 10"],
    ["NixOS', in its nftables firewall", "mangle + 10"],
    ["one at the first place", "raw"],
  ])("%s", async (_name, priority) => {
    await node(b).namespace.nft(table("firewalld", priority, [missing]));
    try {
      await everythingPasses();
      expect(await node(b).run("nft", "list", "counters", "table", "inet", "firewalld")).toContain(
        "packets 0 ",
      );
    } finally {
      await node(b).run("nft", "delete", "table", "inet", "firewalld");
    }
  });

  it("with a routing rule of others before ours", async () => {
    await node(b).namespace.nft(table("firewalld", "filter + 10", [missing]));
    for (const [family, source] of [
      ["-4", "203.0.113.2"],
      ["-6", "2001:db8::2"],
    ] as const)
      await node(b).run("ip", family, "rule", "add", "from", source, "lookup", "main", "priority", "10001");
    for (const family of ["-4", "-6"])
      await waitFor(async () => (await node(b).run("ip", family, "rule", "show")).includes("10000:"), {
        what: "our rule before it",
      });
    try {
      await everythingPasses();
    } finally {
      for (const family of ["-4", "-6"]) await node(b).run("ip", family, "rule", "del", "priority", "10001");
      await node(b).run("nft", "delete", "table", "inet", "firewalld");
    }
  });

  it("leaves no mark of ours on what it lets in", async () => {
    await node(b).namespace.nft(`table inet probe {
      counter marked { }
      chain in { type filter hook input priority -300; meta mark & 0x60 != 0 counter name marked; }
      chain through { type filter hook forward priority -300; iifname "kubespan" meta mark & 0x60 != 0 counter name marked; }
    }`);
    await everythingPasses();
    expect(await node(b).run("nft", "list", "counters", "table", "inet", "probe")).toContain("packets 0 ");
    await node(b).run("nft", "delete", "table", "inet", "probe");
  });
});

describe("a filter that asks for no mark is named, with what to do", () => {
  it.each([
    ["firewalld", "filter + 10", ["fib saddr . iif oif missing drop"]],
    ["late", "300", [missing]],
  ])("%s", async (name, priority, lines) => {
    await node(b).namespace.nft(table(name, priority, lines));
    const { warnings } = await node(b).daemon.waitForStatus("the warning", (status) =>
      status.warnings.some(({ who }) => who === `nft table inet ${name}, chain filter_PREROUTING`),
    );
    const own = warnings.filter(({ who }) => who.includes(name));
    expect(own).toHaveLength(1);
    expect(own[0]?.what).toContain("drops what comes out of the mesh");
    expect((await node(b).daemon.command("doctor")).stdout).toContain('iifname "kubespan" accept');
    await node(b).run("nft", "delete", "table", "inet", name);
  });
});
