import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 *   a 203.0.113.1          b 203.0.113.2          service 203.0.113.9
 *      |                      |                      |
 *   ===+======================+======================+=== internet
 *
 * Each tool on a is one that refuses what /run/refused says, and does everything else.
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;
const refused = "/run/refused";

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b] = [await host("a", 1), await host("b", 2)];
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const tool of ["ip", "nft", "wg"]) await makeFallible(a, tool);
  await a.start(options);
  await b.start(options);
});

afterAll(() => lab.close());

beforeEach(async () => {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
});

/** For this node only. What nft is told stands in a file, which is looked into as well. */
async function makeFallible(node: LabNode, tool: string): Promise<void> {
  const script = `#!/bin/sh
if [ -e ${refused} ]; then
  case "${tool} $*" in *"$(cat ${refused})"*) echo "${tool}: refused by the test" >&2; exit 1 ;; esac
fi
exec /run/real/${tool} "$@"
`;
  await node.namespace.write(`/run/fallible/${tool}`, script, 0o755);
  await node.run(
    "sh",
    "-euc",
    `tool=$(readlink -f "$(command -v "$0")"); mkdir -p /run/real; cp "$tool" "/run/real/$0"; mount --bind "/run/fallible/$0" "$tool"`,
    tool,
  );
}

const refuse = (what: string): Promise<void> => a.namespace.write(refused, what);
const allow = (): Promise<string> => a.run("rm", "-f", refused);

describe("a down that fails half-way", () => {
  it.each([
    ["nothing is gone yet", "nft -f"],
    ["the table is gone", "ip link del"],
    ["table, routes and link are gone", "rule del"],
    ["not even the kernel can be read", "nft "],
  ])("%s: it says so, and the daemon goes on and mends what was taken", async (_what, what) => {
    await refuse(what);
    const down = await a.daemon.command("down");
    expect(down.exitCode, down.stderr).toBe(7);
    expect(down.stderr).toMatch(/the mesh was not taken down: .*refused by the test/);
    expect(down.stderr).toContain("the daemon goes on with it");
    await allow();
    await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
    await waitFor(async () => (await a.daemon.command("run", "--dry-run")).stdout === "nothing to do\n", {
      what: "all that was taken",
    });
    expect((await a.daemon.command("status")).exitCode).toBe(0);
    const internet = { name: "internet" };
    const capture = await Capture.start(lab, internet);
    expect(await a.ping("203.0.113.2")).toMatchObject({ received: 3 });
    await capture.stop();
    expect(await capture.lines("icmp")).toEqual([]);
  });

  it("and while what failed goes on failing, status says it and ends with 12", async () => {
    await refuse("nft ");
    expect((await a.daemon.command("down")).exitCode).toBe(7);
    const status = await waitFor(
      async () => {
        const shown = await a.daemon.command("status");
        return shown.stdout.includes("failing") && shown;
      },
      { what: "a failing pass" },
    );
    expect(status.exitCode).toBe(12);
    expect(status.stdout).toMatch(/^problem: +failing for .*nft.* failed: nft: refused by the test/m);
    expect((await a.daemon.status()).work).toMatchObject({ state: "failing" });
    await allow();
  });
});

it("a tool that fails while the mesh is up shows in status, although the peers can be looked at", async () => {
  await refuse("ip ");
  const failing = await a.daemon.waitForStatus("a failing pass", ({ work }) => work.state === "failing");
  expect(failing.error).toContain("refused by the test");
  for (let looks = 0; looks < 3; looks++) {
    const { exitCode, stdout } = await a.daemon.command("status");
    expect([exitCode, stdout]).toEqual([12, expect.stringContaining("refused by the test")]);
  }
  await allow();
  await waitFor(async () => (await a.daemon.command("status")).exitCode === 0, { what: "a mesh that works" });
});

it("a reload that fails half-way leaves a daemon that goes on", async () => {
  await a.namespace.write("/run/ca.pem", "no certificate");
  await a.daemon.configure({ ...options, mesh: { mtu: 1300 } });
  await refuse("wg ");
  a.daemon.signal("SIGHUP");
  await a.daemon.waitForStatus("a failing pass", ({ work }) => work.state === "failing");
  await allow();
  await a.daemon.waitForStatus(
    "the new configuration at work",
    ({ work, node }) => work.state === "working" && node.mtu === 1300,
  );
});

it("a mesh that is disabled in the configuration is no mesh: status ends with 13", async () => {
  await a.daemon.configure({ ...options, mesh: { enabled: false } });
  a.daemon.signal("SIGHUP");
  await a.daemon.waitForStatus("a disabled mesh", ({ work }) => work.state === "disabled");
  const { exitCode, stdout } = await a.daemon.command("status");
  expect([exitCode, stdout]).toEqual([13, expect.stringContaining("disabled in the configuration")]);
  await refuse("nft ");
  await a.daemon.waitForStatus("a failing pass", ({ work }) => work.state === "failing");
  expect((await a.daemon.command("status")).exitCode).toBe(12);
  await allow();
  await a.daemon.configure(options);
  a.daemon.signal("SIGHUP");
});

it("a start that finds a tool failing tries on, and status says so until it works", async () => {
  await a.daemon.stop();
  await refuse("nft ");
  await a.daemon.start();
  const shown = await waitFor(
    async () => {
      const status = await a.daemon.command("status");
      return status.exitCode !== 9 && status;
    },
    { what: "a daemon that answers" },
  );
  expect([shown.exitCode, shown.stdout]).toEqual([12, expect.stringMatching(/^problem: /m)]);
  await allow();
  await waitFor(async () => (await a.daemon.command("status")).exitCode === 0, { what: "a mesh that works" });
});

it("without a daemon, a down that fails ends with 7 and a second one does the rest", async () => {
  await a.daemon.stop();
  await refuse("ip link del");
  expect((await a.daemon.command("down")).exitCode).toBe(7);
  await allow();
  expect((await a.daemon.command("down")).exitCode).toBe(0);
  const traces = await a.run("sh", "-c", "ip rule; ip -br link; nft list ruleset");
  expect(traces).not.toContain("kubespan");
  await a.daemon.start();
});
