import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
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
import { clearDuring } from "../netns/in-clear.ts";

/*
 * The table of a belongs to a process of its daemon. Nothing here works with an nft or a kernel that does not know `persist`.
 *
 *   a 203.0.113.1    b 203.0.113.2
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
  for (const node of [a, b]) await node.start(options);
});

afterAll(() => lab.close());

beforeEach(async () => {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await owned();
});

const table = "inet talos_kubespan";

const listing = async (): Promise<string> =>
  (await a.namespace.attempt("nft", "list", "table", ...table.split(" "))).stdout;

const owned = (): Promise<unknown> =>
  waitFor(async () => (await listing()).includes("flags owner,persist"), {
    what: "an owner of the table",
    describe: async () => `${await listing()}${(await a.daemon.log()).slice(-4000)}`,
  });
const orphaned = (): Promise<unknown> =>
  waitFor(async () => (await listing()).includes("flags persist"), { what: "a table without an owner" });

const uncounted = async (): Promise<string> => (await listing()).replace(/packets \d+ bytes \d+/g, "");

const counter = async (): Promise<number> => (await a.daemon.status()).repairs.table;

/** The processes `nft -i` of a's daemon, by the namespace in which they are. */
const owners = async (): Promise<string[]> => {
  const here = "for p in /proc/[0-9]*; do [ $p/ns/net -ef /proc/self/ns/net ] || continue";
  const found = await a.run(
    "sh",
    "-c",
    `${here}; [ "$(tr '\\0' ' ' <$p/cmdline 2>/dev/null)" = "nft -i " ] && echo \${p#/proc/}; done; true`,
  );
  return found.split("\n").filter((line) => line !== "");
};

/** The pings in clear while something happens, and those that got lost. */
async function during(act: () => Promise<unknown>): Promise<{ clear: number; lost: number }> {
  let lost = 0;
  const clear = await clearDuring(lab, internet, [[a, "203.0.113.2"]], async (streams) => {
    await act();
    for (const stream of streams) {
      await stream.moreAnswers(20);
      lost += (await stream.stop()).lost;
    }
  });
  return { clear: clear.length, lost };
}

const undisturbed = { clear: 0, lost: 0 };

it("a ruleset that others flush, again and again, leaves the table whole, and not a packet is lost", async () => {
  const before = await counter();
  const seen = await during(async () => {
    for (let round = 0; round < 20; round++) await a.run("nft", "flush", "ruleset");
  });
  expect(seen).toEqual(undisturbed);
  expect(await counter()).toBe(before);
});

const attacks = [
  "delete table inet talos_kubespan",
  "flush table inet talos_kubespan",
  "flush set inet talos_kubespan kubespan_hosts_ipv4",
  "delete element inet talos_kubespan kubespan_hosts_ipv4 { 203.0.113.2 }",
  "insert rule inet talos_kubespan kubespan_outgoing accept",
  "add table inet talos_kubespan { flags owner, persist; }",
];

it("others can neither change nor delete nor own the table", async () => {
  const before = await uncounted();
  for (const attack of attacks) {
    const { exitCode, stderr } = await a.namespace.attempt("nft", attack);
    expect([exitCode, stderr], attack).toEqual([1, expect.stringContaining("Operation not permitted")]);
  }
  expect(await uncounted()).toBe(before);
});

it("the daemon changes its table, and goes on owning it", async () => {
  const seen = await during(async () => {
    await b.daemon.configure({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24"] } });
    b.daemon.signal("SIGHUP");
    await waitFor(async () => (await listing()).includes("10.244.2.0"), { what: "b's network in the table" });
  });
  expect(seen.clear).toBe(0); // b reads its configuration again meanwhile, which may cost it a packet
  expect(await listing()).toContain("flags owner,persist");
});

it("commands that list the table do so, and status says who owns it", async () => {
  const { node } = await a.daemon.status();
  expect(node.protection).toMatchObject({ table: "owned" });
  expect(unbroken((await a.daemon.command("status")).stdout)).toContain("only this daemon changes");
  for (const command of ["doctor", "marks"]) {
    const { stdout, stderr } = await a.daemon.command(command);
    expect(`${stdout}${stderr}`).not.toMatch(/nft .*failed|not permitted|cannot be read/);
  }
  const { stdout } = await a.daemon.command("run", "--dry-run");
  expect(stdout).toBe("nothing to do\n");
});

it("an owner that is killed is followed by another one, which becomes the owner", async () => {
  const before = await owners();
  expect(before).toHaveLength(1);
  const seen = await during(async () => {
    await a.run("kill", "-9", ...before);
    // Nobody may see the table between its owners: the next one may be there before anybody looks.
    await waitFor(async () => (await owners()).some((pid) => !before.includes(pid)), {
      what: "another owner",
      describe: () => a.daemon.log(),
    });
    await owned();
  });
  expect(seen).toEqual(undisturbed);
  expect(await owners()).not.toEqual(before);
});

it.each<NodeJS.Signals>(["SIGKILL", "SIGTERM"])(
  "a daemon that ends by %s leaves the table, and the next one owns it",
  async (signal) => {
    const seen = await during(async () => {
      await a.daemon.stop(signal);
      await orphaned();
      expect(await owners()).toEqual([]);
      await a.daemon.start();
      await owned();
    });
    expect(seen).toEqual(undisturbed);
  },
);

it("a table that is flushed while no daemon runs comes back with one", async () => {
  await a.daemon.stop("SIGKILL");
  await orphaned();
  await a.run("nft", "flush", "ruleset");
  expect(await listing()).toBe("");
  await a.daemon.start();
  await owned();
});

it.each([
  ["with a daemon", async () => undefined],
  [
    "without one",
    async () => {
      await a.daemon.stop("SIGKILL");
    },
  ],
])("down %s leaves nothing of it", async (_name, before) => {
  await before();
  const { exitCode, stderr } = await a.daemon.command("down");
  expect([exitCode, stderr]).toEqual([0, ""]);
  await waitFor(async () => (await owners()).length === 0, { what: "the end of the owner" });
  expect(await a.run("nft", "list", "ruleset")).not.toContain("kubespan");
  if ((await a.daemon.command("status")).exitCode === 0) await a.daemon.ended();
  await a.daemon.start();
});
