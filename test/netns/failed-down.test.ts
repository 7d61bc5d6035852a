import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  unbroken,
  waitFor,
} from "../../lab/index.ts";
import { clearDuring } from "./in-clear.ts";

/*
 *   a 203.0.113.1          b 203.0.113.2          service 203.0.113.9
 *     2001:db8::1            2001:db8::2             |
 *   ===+======================+======================+=== internet
 *
 * Each tool on a is one that refuses what /run/refused says, and does everything else; also the nft that stays and owns
 * the table, where there is such a one: what it is told counts as "nft -f".
 */
let lab: Lab;
let internet: Network;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;
const refused = "/run/refused";
const targets = ["203.0.113.2", "2001:db8::2"];

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await host("a", 1), await host("b", 2)];
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const [at, node] of [a, b].entries()) await node.address("eth0", `2001:db8::${at + 1}/64`);
  for (const tool of ["ip", "nft", "wg", "tc"]) await makeFallible(a, tool);
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
is_refused() {
  [ -e ${refused} ] || return 1
  case "$1" in *"$(cat ${refused})"*) echo "${tool}: refused by the test" >&2 ;; *) return 1 ;; esac
}
if [ "$*" = -i ]; then
  while IFS= read -r line; do
    case "$line" in include*) if is_refused "${tool} -f"; then continue; fi ;; esac
    printf '%s\\n' "$line"
  done | /run/real/${tool} -i
  exit
fi
if is_refused "${tool} $*"; then exit 1; fi
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

/** What a sends in clear while `act` runs. B, whom it told that it leaves, answers in clear until it is told otherwise. */
const clear = (act: Parameters<typeof clearDuring>[3]): Promise<string[]> =>
  clearDuring(
    lab,
    internet,
    targets.map((target) => [a, target]),
    act,
    { senders: "src host 203.0.113.1 or src host 2001:db8::1" },
  );

/** Also through the mesh, after the peers are: one family may follow the other. */
const allReached = async (): Promise<void> => {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets) await waitFor(() => a.reaches(target), { what: `an answer of ${target}` });
};

describe("a down that fails half-way", () => {
  beforeEach(allReached);

  it.each([
    ["nothing is gone yet", "rule del"],
    ["routes and rules are gone", "ip link del"],
    ["the link is gone", "tc qdisc del"],
    ["all but the table is gone", "nft -f"],
    ["not even the table can be read", "nft "],
    ["not even what hangs at the links can be read", "tc "],
  ])("%s: it says so, nothing leaves in clear, and the daemon goes on", async (_what, what) => {
    const seen = await clear(async (streams) => {
      await refuse(what);
      const down = await a.daemon.command("down");
      expect(down.exitCode, down.stderr).toBe(7);
      expect(down.stderr).toMatch(/the mesh was not taken down: .*refused by the test/);
      expect(down.stderr).toContain("the daemon goes on with it");
      await allow();
      await allReached();
      await waitFor(async () => (await a.daemon.command("run", "--dry-run")).stdout === "nothing to do\n", {
        what: "all that was taken",
      });
      expect((await a.daemon.command("status")).exitCode).toBe(0);
      for (const stream of streams) await stream.moreAnswers(20);
    });
    expect(seen).toEqual([]);
  });

  it("and while what failed goes on failing, status says it and ends with 12, and nothing leaves in clear", async () => {
    const seen = await clear(async () => {
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
      expect(unbroken(status.stdout)).toMatch(
        /^problem: +failing for .*nft.* failed: nft: refused by the test/m,
      );
      expect((await a.daemon.status()).work).toMatchObject({ state: "failing" });
      await allow();
      await allReached();
    });
    expect(seen).toEqual([]);
  });

  it("and a second one, once it can, takes all of it down", async () => {
    await refuse("nft -f");
    expect((await a.daemon.command("down")).exitCode).toBe(7);
    await allow();
    const { exitCode, stderr } = await a.daemon.command("down");
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(await a.daemon.ended()).toBe(0);
    expect(await a.run("sh", "-c", "ip rule; ip -br link; nft list ruleset; tc qdisc show")).not.toMatch(
      /kubespan|clsact/,
    );
    expect(await a.run("ls", "/run/state")).not.toContain("barrier.json");
    await a.daemon.start();
  });
});

it("a tool that fails while the mesh is up shows in status, although the peers can be looked at", async () => {
  await refuse("ip ");
  const failing = await a.daemon.waitForStatus("a failing pass", ({ work }) => work.state === "failing");
  expect(failing.error).toContain("refused by the test");
  for (let looks = 0; looks < 3; looks++) {
    const { exitCode, stdout } = await a.daemon.command("status");
    expect([exitCode, unbroken(stdout)]).toEqual([12, expect.stringContaining("refused by the test")]);
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
