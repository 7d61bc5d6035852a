import { afterAll, beforeAll, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  configFile,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { emptyKernel, loadBarrier, powerCut } from "./power-cut.ts";

/*
 * What a start of the machine leaves: nothing in the kernel, and a file in the state folder.
 *
 *   a 203.0.113.1    b 203.0.113.2
 *     2001:db8::1      2001:db8::2
 *   ===+================+=== internet
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
  await bothUp();
});

afterAll(() => lab.close());

async function bothUp(): Promise<void> {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets)
    await waitFor(() => a.reaches(target), { what: `an answer of ${target} through the mesh` });
}

const targets = ["203.0.113.2", "2001:db8::2"];
const fromA =
  "(icmp[icmptype] == icmp-echo and src host 203.0.113.1 and dst host 203.0.113.2) or (icmp6 and ip6[40] == 128 and src host 2001:db8::1)";
const file = "/run/state/barrier.json";

const traces = (): Promise<string> =>
  a.run(
    "sh",
    "-c",
    "nft list ruleset; ip rule; ip -6 rule; ip route show table all; ip -6 route show table all; tc qdisc show; ls /run/state",
  );

/** The pings that a sends in clear while something happens. */
async function inClear(act: () => Promise<unknown>): Promise<number> {
  const capture = await Capture.start(lab, internet);
  await act();
  await capture.stop();
  return (await capture.lines(fromA)).length;
}

it("what is steered is in a file that only root reads, and follows", async () => {
  expect(JSON.parse(a.namespace.read(file))).toMatchObject({ version: 1 });
  for (const target of targets) expect(a.namespace.read(file)).toContain(target);
  expect(await a.run("stat", "-c", "%a", file)).toBe("600\n");
  await b.daemon.configure({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24"] } });
  b.daemon.signal("SIGHUP");
  await waitFor(() => a.namespace.read(file).includes("10.244.2.0/24"), { what: "b's network in the file" });
});

it("loaded without a daemon, it refuses what goes to members, and nothing else", async () => {
  await powerCut(a);
  expect(await inClear(() => a.ping(targets[0] ?? ""))).toBeGreaterThan(0);
  expect((await loadBarrier(a)).stdout).toContain("create the nft table");
  expect((await loadBarrier(a)).stdout).toBe("there was nothing to load\n");
  const clear = await inClear(async () => {
    for (const target of targets) expect((await a.ping(target)).received).toBe(0);
    expect((await a.ping("203.0.113.9")).received).toBe(3);
    await a.run("nft", "flush", "ruleset"); // the second barrier is there, too
    for (const target of targets) expect((await a.ping(target)).received).toBe(0);
    await loadBarrier(a);
  });
  expect(clear).toBe(0);
});

it("a daemon that starts behind it under load opens nothing", async () => {
  const clear = await inClear(async () => {
    const streams = targets.map((target) =>
      a.namespace.attempt("ping", "-i", "0.005", "-c", "1500", "-W", "1", target),
    );
    await a.daemon.start();
    await bothUp();
    for (const target of targets) await (await PingStream.start(a, target, 0.005)).stop();
    await Promise.all(streams);
  });
  expect(clear).toBe(0);
});

it("a broken configuration opens no node when the machine starts, also with a table of its own, and is said", async () => {
  await powerCut(a);
  expect(a.namespace.read(file)).not.toContain("names"); // the usual ones
  await a.daemon.configure({ ...options, daemon: { routing: { table: 181 } } });
  await a.daemon.start();
  await bothUp();
  await waitFor(() => a.namespace.read(file).includes('"names"'), { what: "the table in the file" });
  await powerCut(a);
  const text = a.namespace.read(configFile);
  await a.namespace.write(configFile, `${text}---\nkind: [`);
  const clear = await inClear(async () => {
    const { exitCode, stdout } = await loadBarrier(a);
    expect([exitCode, stdout]).toEqual([3, expect.stringContaining("create the nft table")]);
    expect(await a.run("ip", "rule")).toContain("lookup 181");
    for (const target of targets) expect((await a.ping(target)).received).toBe(0);
  });
  expect(clear).toBe(0);
  await emptyKernel(a);
  const withoutUnit = await inClear(async () => {
    const { exitCode, stderr } = await a.daemon.command("run");
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining("what is sent to members is refused")]);
    for (const target of targets) expect((await a.ping(target)).received).toBe(0);
  });
  expect(withoutUnit).toBe(0);
  await a.namespace.write(configFile, text);
  expect((await a.daemon.command("down")).exitCode).toBe(0);
  await a.daemon.configure(options);
  await a.daemon.start();
  await bothUp();
  await waitFor(() => a.namespace.read(file).includes("203.0.113.2"), { what: "the file" });
});

it("a daemon that starts without it closes the node before it has a link", async () => {
  await powerCut(a);
  const before = (await a.daemon.log()).length;
  await a.daemon.start();
  await bothUp();
  const log = (await a.daemon.log()).slice(before);
  const [table, link] = [
    log.indexOf("create the nft table"),
    log.search(/"stage":"grow".*WireGuard|create the link|kubespan with/),
  ];
  expect(table).toBeGreaterThanOrEqual(0);
  expect(table).toBeLessThan(log.indexOf('"stage":"grow"'));
  expect(link).toBeGreaterThan(table);
});

it("down works without a daemon and leaves nothing that comes back", async () => {
  await powerCut(a);
  await loadBarrier(a);
  const { exitCode } = await a.daemon.command("down");
  expect(exitCode).toBe(0);
  expect(await traces()).not.toMatch(/kubespan|32500|table 180|clsact|barrier/);
  expect((await loadBarrier(a)).stdout).toBe("there was nothing to load\n");
  expect((await a.ping(targets[0] ?? "")).received).toBe(3);
});

it("down takes away what a barrier that was cut short left at a link, and no empty place of others", async () => {
  await a.daemon.start();
  await bothUp();
  await powerCut(a);
  await a.run("tc", "qdisc", "add", "dev", "eth0", "clsact"); // the program that was to come never did
  const { exitCode, stdout } = await a.daemon.command("down");
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining("empty place for filters from eth0")]);
  expect(await a.run("tc", "qdisc", "show")).not.toContain("clsact");
  await a.run("tc", "qdisc", "add", "dev", "eth0", "clsact");
  expect((await a.daemon.command("down")).exitCode).toBe(0);
  expect(await a.run("tc", "qdisc", "show")).toContain("clsact");
  await a.run("tc", "qdisc", "del", "dev", "eth0", "clsact");
});

it.each([
  ["disabled", { enabled: false }],
  ["open to lost peers", { allowDownPeerBypass: true }],
])("a mesh that is %s is closed by no file", async (_name, mesh) => {
  await a.daemon.configure(options);
  await a.daemon.start();
  await bothUp();
  await waitFor(() => a.namespace.read(file), { what: "the file" });
  await a.daemon.configure({ ...options, mesh });
  expect((await loadBarrier(a)).stdout).toBe("there was nothing to load\n");
  a.daemon.signal("SIGHUP");
  await waitFor(async () => !(await a.run("ls", "/run/state")).includes("barrier"), {
    what: "the file to go",
  });
  await waitFor(async () => !(await a.run("tc", "qdisc", "show")).includes("clsact"), {
    what: "the programs to go",
  });
  await a.daemon.stop("SIGTERM");
});

it("a damaged file without one before it is said, and stops no daemon", async () => {
  await a.daemon.configure(options);
  await a.run("rm", "-f", `${file}.1`);
  await a.namespace.write(file, "{}");
  const { exitCode, stderr } = await loadBarrier(a);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain("barrier.json is damaged");
  await a.daemon.start();
  await bothUp();
});
