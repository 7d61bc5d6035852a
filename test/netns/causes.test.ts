import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HostileMember } from "../../lab/hostile-member.ts";
import {
  type ConfigOptions,
  kubespan,
  Lab,
  type LabNode,
  newCluster,
  PingStream,
  PlainMember,
  publicNetwork,
  stateDirectory,
  waitFor,
} from "../../lab/index.ts";
import type { Status } from "../../src/api/index.ts";
import { type Endpoint, parseAddress, parseEndpoint } from "../../src/net/index.ts";

/*
 * Planted faults, of which a, c, d and f say what is wrong:
 *
 *   a .1   b .2: drops large packets   c .3: no UDP comes in   d .4: nothing of a comes in   f .5: no registry any more
 *   ===+=======+==========================+======================+=============================+=== internet 203.0.113.0/24
 *      members that are made up by a host at .6, and one at .7 whose WireGuard has another cluster secret
 *      g .8, of whose identity another machine at .10 has a copy, and one at .11 that an operator evicts
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let c: LabNode;
let d: LabNode;
let f: LabNode;
let g: LabNode;
let copy: LabNode;
let evicted: LabNode;
const members: HostileMember[] = [];

/** The members that nobody stands behind: name, endpoint, and the cause that a names first. */
const madeUp: readonly (readonly [name: string, endpoint: string | undefined, cause: string])[] = [
  ["nowhere", undefined, "no-endpoint"],
  ["inside", "[fdae:41e4:649b:9303::7]:51820", "refused-endpoints"],
  ["loopback", "127.0.0.1:51820", "refused-endpoints"],
  ["link-local", "[fe80::5]:51820", "refused-endpoints"],
  ["multicast", "224.0.0.5:51820", "refused-endpoints"],
  ["broadcast", "203.0.113.255:51820", "refused-endpoints"],
  ["twin-1", "203.0.113.201:4000", "shared-endpoint"],
  ["twin-2", "203.0.113.201:4000", "shared-endpoint"],
  ["off", "203.0.113.200:51820", "silent"],
  ["closed", "203.0.113.9:51820", "silent"],
  ["sixth", "[2001:db8:77::1]:51820", "other-family"],
  ["hidden", "192.168.77.7:51820", "private-endpoints"],
];

/** All planted faults: who looks, at whom, and the cause. */
const planted = (): readonly (readonly [LabNode, string, string])[] => [
  ...madeUp.map(([name, , cause]) => [a, name, cause] as const),
  [a, "other-key", "wrong-secret"],
  [a, "b", "mtu-hole"],
  [a, "c", "one-way-out"],
  [a, "d", "one-way-out"],
  [c, "a", "udp-blocked"],
  [c, "b", "udp-blocked"],
  [d, "a", "silent"],
  [f, "off", "registry-stale"],
  [copy, "off", "copied-identity"],
  [copy, "closed", "copied-identity"],
  [evicted, "a", "evicted"],
  [evicted, "off", "evicted"],
];

const endpointOf = (text: string): Endpoint => parseEndpoint(text) ?? expect.fail(text);
const drop = (node: LabNode, rule: string): Promise<unknown> =>
  node.namespace.nft(
    `table inet fault { chain input { type filter hook input priority -300; ${rule}; }; }\n`,
  );

/** Starts a machine of its own with all that tells g from others. */
async function startCopy(options: ConfigOptions): Promise<void> {
  await g.daemon.waitForStatus("f to be up", ({ peers }) =>
    peers.some(({ label, state }) => label === "f" && state === "up"),
  );
  await copy.run(
    "sh",
    "-c",
    "echo 0123456789abcdef0123456789abcdef >/run/machine-id && mount --bind /run/machine-id /etc/machine-id",
  );
  await copy.run("mkdir", "-p", stateDirectory);
  for (const file of ["identity.json", "machine.json", "announced.json"])
    await copy.namespace.write(`${stateDirectory}/${file}`, g.namespace.read(`${stateDirectory}/${file}`));
  await copy.start({ ...options, daemon: { ...options.daemon, node: { name: "g" } } });
}

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  const [hostile, other] = [await host("hostile", 6), await host("other-key", 7)];
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  [d, f] = [await host("d", 4), await host("f", 5)];
  [g, copy, evicted] = [await host("g", 8), await host("copy", 10), await host("evicted", 11)];
  const keyFile = "/run/operator.key";
  const made = await a.run(kubespan, "gen", "operator-key", "-o", keyFile);
  const operatorKeys = JSON.parse(made.slice(made.indexOf("["))) as string[];
  const options: ConfigOptions = {
    cluster: newCluster(),
    services: [discovery.url],
    daemon: { operatorKeys },
  };
  await drop(c, "meta l4proto udp drop");
  await drop(d, "ip saddr 203.0.113.1 udp dport 51820 drop");
  await drop(b, "udp dport 51820 meta length > 1400 drop");
  const announce = async (
    name: string,
    endpoint: string | undefined,
    cluster = options.cluster,
  ): Promise<void> => {
    const member = new HostileMember(hostile, discovery.url, name);
    members.push(member);
    await member.announce(cluster, { name, endpoints: endpoint === undefined ? [] : [endpointOf(endpoint)] });
  };
  await Promise.all(madeUp.map(([name, endpoint]) => announce(name, endpoint)));
  await announce("sealed", "203.0.113.202:51820", {
    ...options.cluster,
    secret: randomBytes(32).toString("base64"),
  });
  const started = [b, c, d, f, g, evicted].map((node) => node.start(options));
  // A node that finds what passes to its peers routes with that MTU, and nothing is lost.
  await Promise.all([...started, a.start({ ...options, daemon: { operatorKeys, pathMTU: false } })]);
  const { node } = await a.daemon.waitForStatus("an answer", () => true);
  const presharedKey = randomBytes(32).toString("base64");
  const peer = { publicKey: node.publicKey, endpoint: "203.0.113.1:51820", presharedKey };
  const addresses = [parseAddress("203.0.113.7") ?? expect.fail()];
  await new PlainMember(other, discovery.url).join(options.cluster, { addresses, networks: [] }, peer, []);
  await startCopy(options);
  await a.daemon.waitForStatus("evicted", ({ peers }) => peers.some(({ label }) => label === "evicted"));
  expect(await a.daemon.command("evict", "evicted", "--key", keyFile)).toMatchObject({ exitCode: 0 });
  await f.daemon.waitForStatus("the peers", ({ peers }) => peers.some(({ label }) => label === "off"));
  await f.namespace.nft(
    "table inet fault { chain out { type filter hook output priority 0; ip daddr 203.0.113.9 tcp dport 3000 reject with tcp reset; }; }\n",
  );
});

afterAll(async () => {
  for (const member of members) await member.stop();
  await lab.close();
});

const firstCauseOf = ({ peers }: Status, name: string): string | undefined =>
  peers.find(({ label }) => label === name)?.causes?.[0]?.kind;

it("of at least twenty planted faults 95 % are named first", async () => {
  const faults = planted();
  expect(faults.length).toBeGreaterThanOrEqual(20);
  let wrong: readonly string[] = [];
  const allowed = Math.floor(faults.length * 0.05);
  await waitFor(
    async () => {
      const seen = new Map(
        await Promise.all(
          [a, c, d, f, copy, evicted].map(async (node) => [node, await node.daemon.status()] as const),
        ),
      );
      wrong = faults.flatMap(([node, name, cause]) => {
        const status = seen.get(node);
        const found = status && firstCauseOf(status, name);
        return found === cause ? [] : [`${node.name} of ${name}: ${found ?? "nothing"}, and not ${cause}`];
      });
      return wrong.length <= allowed;
    },
    { what: "the causes", describe: () => wrong.join("\n") },
  );
  console.info(
    `${faults.length - wrong.length} of ${faults.length} first causes are right; ${wrong.join("; ")}`,
  );
});

it("an affiliate with another secret is refused, with the reason", async () => {
  const { registries } = await a.daemon.waitForStatus("the refusal", (status) =>
    status.registries.some(({ refused }) => refused.length > 0),
  );
  expect(registries.flatMap(({ refused }) => refused.map(({ reason }) => reason))).toEqual([
    expect.stringContaining("does not open with this node's clusterSecret"),
  ]);
});

it("a peer that is up and lets all packets pass has none", async () => {
  await d.daemon.waitForStatus("f is up", ({ peers }) =>
    peers.some(({ label, state, causes }) => label === "f" && state === "up" && causes === undefined),
  );
});

it("where nothing comes in, the node names its own firewall, and the cure, within 80 columns", async () => {
  const { stdout } = await c.daemon.command("status");
  expect(stdout.replace(/\s+/g, " ")).toMatch(
    /a: .*no UDP packet has come back to this node from anybody: a firewall .* from port 51820/,
  );
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

it("netcheck finds that nothing comes back, and ends with 18", async () => {
  const { exitCode, stdout } = await c.daemon.command("netcheck");
  expect(stdout.replace(/\s+/g, " ")).toContain("IPv4: no UDP packet comes back: let UDP out of this node");
  expect(exitCode).toBe(18);
});

it("where a firewall refuses what WireGuard sends, the node itself notices it, and names that", async () => {
  const { node: self } = await a.daemon.status();
  const stream = await PingStream.start(b, self.address);
  await stream.moreAnswers(3);
  await b.namespace.nft(`table inet silenced {
    chain input { type filter hook input priority 0; meta l4proto udp drop; }
    chain output { type filter hook output priority 0; udp sport 51820 drop; }
  }
  `);
  await b.daemon.waitForStatus("the cause of a", (status) => firstCauseOf(status, "a") === "unsent");
  expect(await b.daemon.log()).toMatch(/a is down: nothing that was sent in \d+s got out of this node/);
  await stream.stop();
});
