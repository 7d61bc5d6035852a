import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  configFile,
  kubespan,
  Lab,
  type LabNode,
  newCluster,
  plantIdentity,
  publicNetwork,
  stateDirectory,
  waitFor,
} from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import type { Finding } from "../../src/doctor/index.ts";

/*
 * What an operator is told, of a node a whose discovery service is at .9, and of a peer b.
 *
 *   a 203.0.113.1   b 203.0.113.2   c 203.0.113.3   discovery 203.0.113.9
 *   ===+================+===============+===============+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let c: LabNode;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  options = { cluster: newCluster(), services: [discovery.url] };
});

afterAll(() => lab.close());

const linesWith = async (node: LabNode, form: RegExp): Promise<string[]> =>
  (await node.daemon.log()).split("\n").filter((line) => form.test(line));

it("a port that is taken is one line in the log, without a stack, and found by doctor although nobody listens", async () => {
  const script = `const s = require("dgram").createSocket("udp4");
    s.bind(51820, "203.0.113.1", () => s.connect(9, "203.0.113.9", () => console.log("holds")));`;
  const holder = new Service(a.namespace, "holder", [process.execPath, "-e", script]);
  await holder.start();
  try {
    await waitFor(async () => (await a.run("ss", "-H", "-u", "-a", "-n")).includes("203.0.113.1:51820"), {
      what: "the holder of the port",
    });
    await a.start(options);
    await a.daemon.waitForStatus("the failure", ({ work }) => work.state === "failing");
    const tries = /WireGuard: set .*listen-port/;
    await waitFor(async () => (await linesWith(a, tries)).length > 2, { what: "some tries" });
    const log = await a.daemon.log();
    expect(await linesWith(a, /ERROR/)).toEqual([expect.stringMatching(/in use/)]);
    expect(log).not.toMatch(/^ +at /m);
    const { stdout } = await a.daemon.command("doctor");
    expect(stdout).toMatch(/UDP port 51820 is taken by somebody else\n.*pid/);
  } finally {
    await holder.stop();
  }
  await a.daemon.waitForStatus("a mesh that works", ({ work }) => work.state === "working");
  await waitFor(async () => (await linesWith(a, /what failed before works again/)).length === 1, {
    what: "the end of the failure in the log",
  });
});

it("a configuration that is broken later blinds neither status nor down", async () => {
  await b.start(options);
  await a.daemon.waitForPeers("b");
  const { stdout: one } = await a.daemon.command("status", "b");
  expect(one).toMatch(/^state: +up, for \d+s$/m);
  expect(one).toMatch(/^machine: +\S+, machine type not told, \S/m);
  expect((await a.daemon.command("status", "nobody")).exitCode).toBe(2);
  await b.namespace.write(configFile, "kind: [\nrunDirectory: /run/kubespan\n");
  const { stdout, stderr, exitCode } = await b.daemon.command("status");
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining("1 of 1 peers up")]);
  expect(stderr).toMatch(/warning: the configuration has a problem/);
  const down = await b.daemon.command("down");
  expect([down.exitCode, down.stderr]).toEqual([
    0,
    expect.stringContaining("the configuration has a problem"),
  ]);
});

it("a reader that has seen enough ends status quietly", async () => {
  const { stderr, exitCode } = await a.namespace.attempt(
    "sh",
    "-c",
    `{ ${kubespan} status -o json --config ${configFile}; echo "ended with $?" >&2; } | head -c 1`,
  );
  expect([exitCode, stderr]).toEqual([0, "ended with 0\n"]);
});

it("a node that others refuse learns of it from one of them", async () => {
  const { privateKey } = JSON.parse(await a.run("cat", `${stateDirectory}/identity.json`)) as {
    privateKey: string;
  };
  await plantIdentity(b, { first: "7", hardwareAddress: "52:54:00:00:00:02", privateKey });
  await b.start(options);
  const { warnings } = await b.daemon.waitForStatus("the refusal", (status) =>
    status.warnings.some(({ who, what }) => who === "this node" && what.startsWith("is refused by others")),
  );
  expect(warnings.map(({ what }) => what).join("\n")).toContain(
    "as a says: its public key is already that of this node",
  );
  expect(await linesWith(b, /WARN.*this node is refused by others, as a says: its public key/)).toHaveLength(
    1,
  );
  const doctor = await b.daemon.command("doctor", "-o", "json");
  const { findings } = JSON.parse(doctor.stdout) as { findings: readonly Finding[] };
  expect(findings).toContainEqual(
    expect.objectContaining({
      id: expect.stringMatching(/^discovery\..*\.refused$/) as string,
      evidence: expect.stringContaining("a says: its public key is already that of this node") as string,
    }),
  );
  await b.daemon.stop();
});

it("a wrong secret is a warning in the log and in status, and an error of doctor", async () => {
  const { id } = options.cluster;
  await b.start({ ...options, cluster: { id, secret: newCluster().secret } });
  await a.daemon.waitForStatus("the refusal", ({ registries }) =>
    registries.some(({ refused }) => refused.length > 0),
  );
  await waitFor(
    async () => (await linesWith(a, /WARN.*affiliate \w+ is refused: its data does not open/)).length === 1,
    { what: "the refusal in the log" },
  );
  const { stdout } = await a.daemon.command("status");
  expect(stdout.replace(/\s+/g, " ")).toMatch(
    /WARNING WHAT .*is refused: its data does not open with this node's clusterSecret.*REGISTRY/,
  );
  const doctor = await b.daemon.command("doctor");
  expect(doctor.stdout).toMatch(/another clusterSecret|clusterSecret is not that of the other nodes/);
});

it("a node whose name holds bytes that nobody can show is no less a member, and says how it is announced", async () => {
  // A byte of Latin-1, and a zero-width space.
  await c.run("sh", "-c", "printf 'caf\\351\\342\\200\\213x' >/proc/sys/kernel/hostname");
  await c.start({ ...options, daemon: { node: {} } }); // without a name of the lab's own
  const { peers } = await a.daemon.waitForStatus("the peer", (status) =>
    status.peers.some(({ label, state }) => label === "caf??x" && state === "up"),
  );
  expect(peers.filter(({ label }) => label.startsWith("caf"))).toHaveLength(1);
  const { node } = await c.daemon.status();
  expect(node.leftOut).toContainEqual({
    value: 'host name "caf??x"',
    reason: "it holds characters that cannot be shown; they are announced as ?",
  });
  expect((await c.daemon.command("status")).stdout).toContain('host name "caf??x"');
  expect((await c.daemon.command("down")).exitCode).toBe(0);
  await c.daemon.ended();
});

it("at its end the daemon says that the tunnels stay, with the date", async () => {
  await a.daemon.stop("SIGINT");
  const [line = ""] = await linesWith(a, /the tunnels stay: 'kubespan down' takes them down/);
  expect(line).toMatch(/\[20\d\d-\d\d-\d\d \d\d:/);
  const { exitCode, stderr } = await a.daemon.command("status");
  expect([exitCode, stderr]).toEqual([9, expect.stringContaining("'kubespan run' takes them over")]);
});

it("no socket of the daemon takes WireGuard's port, however few ports the kernel chooses from", async () => {
  await c.namespace.sysctl("net.ipv4.ip_local_port_range=51820 51823");
  await c.start(options);
  await waitFor(async () => /:51820 .*wireguard-go/.test(await c.run("ss", "-Hulnp")), {
    what: "WireGuard at its port",
    describe: () => c.run("ss", "-Hulnp"),
  });
  await c.daemon.waitForStatus("a mesh that works", ({ work }) => work.state === "working");
});
