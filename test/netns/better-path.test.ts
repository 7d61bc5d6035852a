import { afterAll, beforeAll, expect, test } from "vitest";
import { Discovery, Lab, type LabNode, newCluster, PingStream } from "../../lab/index.ts";
import type { Status } from "../../src/api/status.ts";

/*
 *   a 10.0.1.1 ---- left ---- .9 router .9 ---- right ---- b 10.0.2.2
 *     10.0.9.1 ------------------- new ------------------- b 10.0.9.2
 *
 * The discovery service is on the router. The network at the bottom comes later.
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  const [left, right] = [await lab.network("left"), await lab.network("right")];
  const router = await lab.node("router");
  await router.attach(left, "10.0.1.9/24");
  await router.attach(right, "10.0.2.9/24");
  await router.namespace.sysctl("net.ipv4.ip_forward=1");
  const discovery = new Discovery(router, "10.0.1.9");
  await discovery.start();
  [a, b] = [await lab.node("a"), await lab.node("b")];
  await a.attach(left, "10.0.1.1/24");
  await b.attach(right, "10.0.2.2/24");
  await a.defaultRoute("10.0.1.9");
  await b.defaultRoute("10.0.2.9");
  const cluster = newCluster();
  for (const node of [a, b]) await node.start({ cluster, services: [discovery.url] });
  await a.daemon.waitForPeers("b");
  await b.daemon.waitForPeers("a");
});

afterAll(() => lab.close());

const endpointOf = ({ peers: [peer] }: Status): string => peer?.endpoint ?? "";

const isMoved = ({ peers: [peer] }: Status): boolean => peer?.lastEndpointChange !== undefined;

test("two nodes that get a network in common go over to it, lose nothing, and say why", async () => {
  expect(endpointOf(await a.daemon.status())).toBe("10.0.2.2:51820");
  const { node } = await b.daemon.status();
  const stream = await PingStream.start(a, node.address);
  const shared = await lab.network("new");
  await a.attach(shared, "10.0.9.1/24");
  await b.attach(shared, "10.0.9.2/24");
  const begun = performance.now();
  await a.daemon.waitForStatus("the way across", (status) => endpointOf(status) === "10.0.9.2:51820");
  await b.daemon.waitForStatus("the way across", (status) => endpointOf(status) === "10.0.9.1:51820");
  console.info(`over to the common network: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  await stream.moreAnswers(200);
  expect((await stream.stop()).lost).toBe(0);
  const changes = await Promise.all(
    [a, b].map(async ({ daemon }) => {
      const { peers } = await daemon.waitForStatus("the reason", isMoved);
      return `${peers[0]?.lastEndpointChange?.to} ${peers[0]?.lastEndpointChange?.reason}`;
    }),
  );
  // Either, or both at once: then each has its own reason.
  expect(changes.join("\n")).toMatch(
    /10\.0\.9\.\d:51820 on a network of this node; \d+ ms instead of \d+ ms/,
  );
  for (const { daemon } of [a, b]) {
    const { peers } = await daemon.status();
    expect(peers[0]?.endpointChanges).toBeLessThanOrEqual(3); // 1, unless this machine is so busy that it looks slower
    expect(peers[0]?.state).toBe("up");
  }
});
