import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * Two homes with the same private network. In one of them a file server has the address that a node has in the other. The
 * server also has the address of d, which was at home and went, and the service has a public one of c's.
 *
 *      203.0.113.1 a ─────────── internet ─────────── c 203.0.113.3
 *                  │ 192.168.1.2                      │ 192.168.1.10
 *      server ═════╧═══ home                    ══════╧═══ other home
 *      192.168.1.10
 */
let lab: Lab;
let a: LabNode;
let c: LabNode;
let d: LabNode;
let server: LabNode;
let options: ConfigOptions;

const address = "192.168.1.10";
const nearby = "192.168.1.20";
const publicOfC = "203.0.113.77";
/** Cuts d from home, with an address that it keeps. */
const leftHome = ["ingress", "egress"]
  .map(
    (hook) =>
      `table netdev ${hook} { chain c { type filter hook ${hook} device "eth1" priority -400; drop; }; }`,
  )
  .join("\n");
/** So that d is met at home as long as it is there. */
const dial = { prefer: ["192.168.1.0/24"] };

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host, hub } = await publicNetwork(lab);
  const [home, otherHome] = [await lab.network("home"), await lab.network("other")];
  [a, c, d, server] = [await host("a", 1), await host("c", 3), await host("d", 4), await lab.node("server")];
  await a.attach(home, "192.168.1.2/24");
  await server.attach(home, `${address}/24`);
  await c.attach(otherHome, `${address}/24`, `${publicOfC}/32`);
  await c.run("sysctl", "-q", "-w", "net.ipv4.conf.all.arp_ignore=1"); // on its public link c does not answer for it
  await d.attach(home, `${nearby}/24`);
  options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, daemon: { dial } });
  await c.start(options);
  await d.start(options);
  await a.daemon.waitForPeers("c", "d");
  await untilAt("d", nearby);
  await d.namespace.nft(leftHome);
  await untilAt("d", "203.0.113.4");
  await server.address("eth0", `${nearby}/32`);
  await hub.address("eth0", `${publicOfC}/32`);
});

afterAll(() => lab.close());

/** Waits until a peer of a's is connected at that address. */
const untilAt = (peer: string, at: string): Promise<unknown> =>
  waitFor(
    async () => {
      const { peers } = await a.daemon.status();
      const { state, endpoint } = peers.find(({ label }) => label === peer) ?? {};
      return state === "up" && endpoint?.startsWith(`${at}:`);
    },
    { what: `${peer} to be connected at ${at}`, describe: () => a.run("wg", "show") },
  );

/** Waits until a ping of a's to the address arrives there. */
async function goesTo(node: LabNode, link: string): Promise<void> {
  const table = "inet probe";
  await node.namespace.nft(
    `table ${table} { counter seen { }\nchain c { type filter hook input priority 0; iifname "${link}" ip daddr ${address} icmp type echo-request counter name seen; }\n}`,
  );
  await waitFor(
    async () =>
      (await a.reaches(address)) &&
      !(await node.run("nft", "list", "counters", "table", "inet", "probe")).includes("packets 0"),
    { what: `${node.name} to get what is sent to ${address}`, describe: () => a.run("wg", "show") },
  );
}

it("the node has the address, and a warning says that another machine may have it", async () => {
  await goesTo(c, "kubespan");
  const { warnings } = await a.daemon.status();
  expect(warnings.map(({ who, what }) => `${who} ${what}`).join("\n")).toMatch(
    /peer c has 192\.168\.1\.10, inside 192\.168\.1\.0\/24, .* name it in localNetworks/,
  );
});

it("where the operator says so, the machine around has it", async () => {
  await a.daemon.configure({ ...options, daemon: { dial, localNetworks: [`${address}/32`] } });
  a.daemon.signal("SIGHUP");
  await goesTo(server, "eth0");
  const { peers, warnings } = await a.daemon.status();
  expect(peers.find(({ label }) => label === "c")?.refusedPrefixes).toContainEqual({
    value: `${address}/32`,
    reason: "in localNetworks of the configuration",
  });
  expect(warnings.filter(({ who }) => who === "peer c")).toEqual([]);
});

describe("with allowLocalMachineBypass", () => {
  const refused = {
    value: `${address}/32`,
    reason: "another machine on a link of this node answers for it (allowLocalMachineBypass)",
  };
  const refusedToC = async (): Promise<boolean> => {
    const { peers } = await a.daemon.status();
    const prefixes = peers.find(({ label }) => label === "c")?.refusedPrefixes ?? [];
    return prefixes.some(({ value, reason }) => value === refused.value && reason === refused.reason);
  };
  const untilRefused = (isRefused: boolean): Promise<unknown> =>
    waitFor(async () => (await refusedToC()) === isRefused, {
      what: `the address to be ${isRefused ? "left to the server" : "the peer's again"}`,
      seconds: 90,
      describe: () => a.run("ip", "neighbour", "show"),
    });

  it("the machine around that answers has the address, and a warning says so", async () => {
    await a.daemon.configure({ ...options, daemon: { dial, allowLocalMachineBypass: true } });
    a.daemon.signal("SIGHUP");
    await untilRefused(true);
    await goesTo(server, "eth0");
    const { warnings } = await a.daemon.status();
    expect(warnings.map(({ who, what }) => `${who} ${what}`).join("\n")).toMatch(
      /peer c has 192\.168\.1\.10, .* leaves in clear on eth1, where another machine answers for it/,
    );
  });

  it("a peer keeps an address at which it was reached, and a public one, whoever answers for them here", async () => {
    for (const [other, link] of [
      [nearby, "eth1"],
      [publicOfC, "eth0"],
    ] as const)
      await waitFor(
        async () => {
          await a.run("ip", "neighbour", "replace", other, "dev", link, "use", "nud", "none");
          return (await a.run("ip", "neighbour", "show", "to", other, "dev", link)).includes("REACHABLE");
        },
        { what: `a machine on ${link} to answer for ${other}`, describe: () => a.run("ip", "neighbour") },
      );
    const { peers } = await a.daemon.status();
    const ofPeer = (name: string) => peers.find(({ label }) => label === name);
    expect(ofPeer("d")?.endpoint).toContain("203.0.113.4:");
    expect(ofPeer("d")?.allowedIPs).toContain(`${nearby}/32`);
    expect(ofPeer("c")?.allowedIPs).toContain(`${publicOfC}/32`);
  });

  it("the peer has the address again once nobody answers", async () => {
    await server.run("ip", "link", "set", "eth0", "down");
    await untilRefused(false);
    await goesTo(c, "kubespan");
  });

  it("and the machine, when it is back; while the peer is down the address is refused, to both", async () => {
    await server.run("ip", "link", "set", "eth0", "up");
    await untilRefused(true);
    await c.run("ip", "link", "set", "eth0", "down");
    await untilRefused(false);
    expect(await a.reaches(address)).toBe(false);
  });
});
