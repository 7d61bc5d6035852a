import { afterAll, beforeAll, expect, it } from "vitest";
import { HostileMember } from "../../lab/hostile-member.ts";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  PingStream,
  publicNetwork,
} from "../../lab/index.ts";
import type { Status } from "../../src/api/index.ts";
import { type Endpoint, parseEndpoint } from "../../src/net/index.ts";

/*
 * Planted faults: every node and made-up member but a and b has one, and a and c say which. At last b gets one, too.
 *
 *   a 203.0.113.1   b 203.0.113.2   c 203.0.113.3: no UDP comes in   members that are made up by a host at .6
 *   ===+================+================+=================================================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let c: LabNode;
const members: HostileMember[] = [];

const endpoint = (text: string): Endpoint => parseEndpoint(text) ?? expect.fail(text);

/** The members that nobody stands behind: name, endpoints, and the cause that a names first. */
const madeUp: readonly (readonly [string, readonly Endpoint[], string])[] = [
  ["nowhere", [], "no-endpoint"],
  ["inside", [endpoint("[fdae:41e4:649b:9303::7]:51820")], "refused-endpoints"],
  ["twin-1", [endpoint("203.0.113.201:4000")], "shared-endpoint"],
  ["twin-2", [endpoint("203.0.113.201:4000")], "shared-endpoint"],
  ["off", [endpoint("203.0.113.200:51820")], "silent"],
];

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  const hostile = await host("hostile", 6);
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  const options: ConfigOptions = { cluster: newCluster(), services: [discovery.url] };
  await c.namespace.nft(`table inet fault {
    chain input { type filter hook input priority 0; meta l4proto udp drop; }
  }
  `);
  for (const [name, endpoints] of madeUp) {
    const member = new HostileMember(hostile, discovery.url, name);
    members.push(member);
    await member.announce(options.cluster, { name, endpoints });
  }
  for (const node of [a, b, c]) await node.start(options);
});

afterAll(async () => {
  for (const member of members) await member.stop();
  await lab.close();
});

const firstCauseOf = ({ peers }: Status, name: string): string | undefined =>
  peers.find(({ label }) => label === name)?.causes?.[0]?.kind;

it.each([...madeUp, ["c", [], "one-way-out"] as const])("%s: %o: %s", async (name, _, cause) => {
  await a.daemon.waitForStatus(`the cause of ${name}`, (status) => firstCauseOf(status, name) === cause);
});

it("a peer that is up has none", async () => {
  const { peers } = await a.daemon.waitForStatus("b is up", (status) =>
    status.peers.some(({ label, state }) => label === "b" && state === "up"),
  );
  expect(peers.find(({ label }) => label === "b")).not.toHaveProperty("causes");
});

it("where nothing comes in, the node names its own firewall, and the cure, within 80 columns", async () => {
  await c.daemon.waitForStatus("the cause of a", (status) => firstCauseOf(status, "a") === "udp-blocked");
  const { stdout } = await c.daemon.command("status");
  expect(stdout.replace(/\s+/g, " ")).toMatch(
    /a: .*no UDP packet has come back to this node from anybody: a firewall .* from port 51820/,
  );
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

it("where a firewall refuses what WireGuard sends, the node itself notices it, and names that", async () => {
  const { node: self } = await a.daemon.status();
  const stream = await PingStream.start(b, self.address);
  await stream.moreAnswers(3);
  await b.namespace.nft(`table inet fault {
    chain input { type filter hook input priority 0; meta l4proto udp drop; }
    chain output { type filter hook output priority 0; udp sport 51820 drop; }
  }
  `);
  await b.daemon.waitForStatus("the cause of a", (status) => firstCauseOf(status, "a") === "unsent");
  expect(await b.daemon.log()).toMatch(/a is down: nothing that was sent in \d+s got out of this node/);
  await stream.stop();
});

it("netcheck finds that nothing comes back, and ends with 18", async () => {
  const { exitCode, stdout } = await c.daemon.command("netcheck");
  expect(stdout.replace(/\s+/g, " ")).toContain("IPv4: no UDP packet comes back: let UDP out of this node");
  expect(exitCode).toBe(18);
});
