import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, type LabNode, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";

/*
 * a is a container that may not write to /proc/sys; b is any node.
 *
 *   a 203.0.113.1    b 203.0.113.2
 *   ===+================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b] = [await host("a", 1), await host("b", 2)];
  await a.namespace.sysctl("net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=2");
  await a.run("sh", "-c", "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys");
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, daemon: { advertisedPrefixes: ["10.244.1.0/24"] } });
  await b.start(options);
});
afterAll(() => lab.close());

test("the mesh does without what cannot be set, and says what that is", async () => {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await waitFor(() => b.reaches("203.0.113.1"), { what: "an answer through the mesh" });
  const { work, warnings, repairs } = await a.daemon.status();
  expect([work.state, repairs.settings]).toEqual(["working", 0]);
  const told = warnings.map(({ who, what }) => `${who} ${what}`);
  for (const setting of ["net/ipv4/conf/kubespan/rp_filter=0", "switch forwarding on: net/ipv4/ip_forward=1"])
    expect(told).toContainEqual(expect.stringContaining(setting));
  expect((await a.daemon.log()).match(/a setting of the host could not be set/g)).toHaveLength(2);
});

test("down ends it all the same", async () => {
  expect(await a.daemon.command("down")).toMatchObject({ exitCode: 0 });
  expect(await a.run("ip", "-br", "link")).not.toContain("kubespan");
});
