import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  type Discovery,
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
 */
let lab: Lab;
let discovery: Discovery;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  let host: (name: string, last: number) => Promise<LabNode>;
  ({ discovery, host } = await publicNetwork(lab));
  [a, b] = [await host("a", 1), await host("b", 2)];
  options = {
    cluster: newCluster(),
    services: [discovery.url],
    daemon: { advertisedPrefixes: ["10.244.1.0/24"] },
  };
  await b.start({ ...options, daemon: {} });
});

afterAll(() => lab.close());

/** Which of two peers dials the other, and how often, is a matter of chance: those steps are not counted. */
const begun = async (node: LabNode): Promise<string[]> =>
  (await node.daemon.log())
    .split("\n")
    .filter((line) => /"stage":"(grow|swap|shrink)"/.test(line) && !/WireGuard: (dial|change)/.test(line));

/** Each step is logged before it is carried out: the daemon dies in it, or in one of the next. */
it("killed in any step of coming up, the daemon comes up all the same, and goes down without a trace", async () => {
  await a.start(options);
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  const { length } = await begun(a);
  expect(length).toBeGreaterThan(10);
  for (let step = 1; step <= length; step++) {
    await leave();
    const before = (await begun(a)).length;
    await a.daemon.start();
    let isUp = false;
    const up = a.daemon.waitForPeers("b").then(() => (isUp = true));
    // A start in which the registries answer sooner has fewer steps: then the daemon dies right after it.
    await waitFor(async () => isUp || (await begun(a)).length >= before + step, {
      what: `step ${step}`,
      pollMs: 1,
    });
    await a.daemon.stop("SIGKILL");
    await a.daemon.start();
    await Promise.all([up, a.daemon.waitForPeers("b")]);
    expect((await a.daemon.command("run", "--dry-run")).stdout, `after step ${step}`).toBe("nothing to do\n");
  }
  await leave();
}, 900_000);

/** `down` itself, killed as often as there are steps, ends with nothing left. */
it("killed in any step of going down, a second down does the rest", async () => {
  await a.daemon.start();
  await a.daemon.waitForPeers("b");
  const before = (await begun(a)).length;
  const down = a.daemon.command("down");
  await waitFor(async () => (await begun(a)).length >= before + 2, {
    what: "two steps of going down",
    pollMs: 1,
  });
  await a.daemon.stop("SIGKILL");
  await down;
  await leave();
});

it("killed as soon as WireGuard has a new peer, the daemon knows it while no registry answers", async () => {
  const { publicKey } = (await b.daemon.waitForStatus("that b is there", () => true)).node;
  const known = () => a.run("wg", "show", "kubespan", "peers").catch(() => "no link yet");
  await a.start(options);
  await waitFor(async () => (await known()).includes(publicKey), { what: "b in the device", pollMs: 1 });
  await a.daemon.stop("SIGKILL");
  await discovery.stop("SIGKILL");
  await a.daemon.start();
  // Whether b has heard of a by then is a matter of chance, and with it whether the two get a tunnel.
  await a.daemon.waitForStatus("b among the peers", (status) =>
    status.peers.some(({ label }) => label === "b"),
  );
});

async function leave(): Promise<void> {
  const { exitCode, stderr } = await a.daemon.command("down");
  expect([exitCode, stderr]).toEqual([0, ""]);
  await a.daemon.ended();
  const traces = await a.run(
    "sh",
    "-c",
    "ip rule; ip -6 rule; ip -br link; nft list ruleset; ip route show table all",
  );
  expect(traces).not.toContain("kubespan");
  expect(traces).not.toContain("32500");
  expect(await a.run("cat", "/proc/sys/net/ipv4/ip_forward")).toBe("0\n");
}
