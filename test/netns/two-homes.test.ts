import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * Two homes with the same private network. In one of them a file server has the address that a node has in the other.
 *
 *      203.0.113.1 a ─────────── internet ─────────── c 203.0.113.3
 *                  │ 192.168.1.2                      │ 192.168.1.10
 *      server ═════╧═══ home                    ══════╧═══ other home
 *      192.168.1.10
 */
let lab: Lab;
let a: LabNode;
let c: LabNode;
let server: LabNode;
let options: ConfigOptions;

const address = "192.168.1.10";

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  const [home, otherHome] = [await lab.network("home"), await lab.network("other")];
  [a, c, server] = [await host("a", 1), await host("c", 3), await lab.node("server")];
  await a.attach(home, "192.168.1.2/24");
  await server.attach(home, `${address}/24`);
  await c.attach(otherHome, `${address}/24`);
  options = { cluster: newCluster(), services: [discovery.url] };
  await a.start(options);
  await c.start(options);
  await a.daemon.waitForPeers("c");
});

afterAll(() => lab.close());

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
  await a.daemon.configure({ ...options, daemon: { localNetworks: [`${address}/32`] } });
  a.daemon.signal("SIGHUP");
  await goesTo(server, "eth0");
  const { peers, warnings } = await a.daemon.status();
  expect(peers.find(({ label }) => label === "c")?.refusedPrefixes).toContainEqual({
    value: `${address}/32`,
    reason: "in localNetworks of the configuration",
  });
  expect(warnings.map(({ what }) => what).join("\n")).not.toContain("localNetworks");
});
