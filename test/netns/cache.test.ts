import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Discovery,
  Lab,
  type LabNode,
  newCluster,
  stateDirectory,
  waitFor,
} from "../../lab/index.ts";

/*
 *   a 203.0.113.1    b 203.0.113.2    service 203.0.113.9
 *      |                |                |
 *   ===+================+================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let discovery: Discovery;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  const internet = await lab.network("internet");
  const at = async (name: string, last: number): Promise<LabNode> => {
    const node = await lab.node(name);
    await node.attach(internet, `203.0.113.${last}/24`);
    return node;
  };
  [a, b] = [await at("a", 1), await at("b", 2)];
  discovery = new Discovery(await at("service", 9), "203.0.113.9");
  await discovery.start();
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const node of [a, b]) await node.start(options);
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
});

afterAll(() => lab.close());

/** What a reboot does: nothing is left but what is on the disk, and the boot has another id. */
async function reboot(node: LabNode): Promise<void> {
  await waitFor(() => node.namespace.read(`${stateDirectory}/members.json`), { what: "a cache" });
  await node.daemon.stop("SIGKILL");
  const clean = [
    "nft delete table inet talos_kubespan",
    "ip link delete kubespan",
    "for family in -4 -6; do ip $family rule del priority 32500; ip $family route flush table 180; done",
    "rm -rf /run/kubespan",
    "cat /proc/sys/kernel/random/uuid > /run/boot-id",
    "mount --bind /run/boot-id /proc/sys/kernel/random/boot_id",
  ];
  await node.run("sh", "-c", clean.join("; "));
  expect(await node.run("ip", "-br", "link")).not.toContain("kubespan");
}

it("a node that reboots while discovery is down rejoins, and says from what and how old it is", async () => {
  await discovery.stop("SIGKILL");
  await reboot(a);
  await a.daemon.start();
  const status = await a.daemon.waitForPeers("b");
  expect(status.registries).toMatchObject([
    { phase: "connecting", affiliates: 0 },
    { name: "cache", phase: "cached", affiliates: 1, ageSeconds: expect.any(Number) as number },
  ]);
  expect((await a.daemon.command("status")).stdout).toMatch(/cache +cached \d+s ago/);
  await waitFor(() => a.reaches("203.0.113.2"), { what: "an answer through the mesh" });
  await b.daemon.waitForPeers("a");
});

it("the cache gives way to the service when that is back", async () => {
  await discovery.start();
  const status = await a.daemon.waitForStatus(
    "the service alone",
    ({ registries, peers }) =>
      registries.length === 1 && registries[0]?.affiliates === 1 && peers.length === 1,
  );
  expect(status.registries[0]).toMatchObject({ phase: "connected", affiliates: 1 });
});

it("a node that could tell nobody that it left stays a member, until an operator says that it is gone", async () => {
  await discovery.stop("SIGKILL");
  await reboot(a);
  expect((await b.daemon.command("down")).exitCode).toBe(0);
  await discovery.start();
  await a.daemon.start();
  const { peers, warnings } = await waitFor(
    async () => {
      const status = await a.daemon.status();
      return status.warnings.some(({ who }) => who === "member b") && status;
    },
    { what: "a warning of b" },
  );
  expect(peers).toMatchObject([{ label: "b", absent: { why: expect.any(String) as string } }]);
  expect(warnings.find(({ who }) => who === "member b")?.what).toMatch(/refused.*kubespan forget b$/);
  expect(await a.reaches("203.0.113.2")).toBe(false);
  expect((await a.daemon.command("forget", "b")).stdout).toBe("b is forgotten here\n");
  await a.daemon.waitForPeers();
  await waitFor(() => a.reaches("203.0.113.2"), {
    what: "the address of b, which is nobody's now, in clear",
  });
  expect((await a.daemon.command("forget", "b")).exitCode).toBe(2);
});
