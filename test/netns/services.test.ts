import { afterAll, beforeAll, expect, it } from "vitest";
import { Discovery, Lab, type LabNode, newCluster, publicNetwork } from "../../lab/index.ts";

/*
 * Two discovery services that know nothing of each other. a uses both of them, b one and c the other.
 *
 *   a 203.0.113.1   b 203.0.113.2   c 203.0.113.3   services 203.0.113.8 and .9
 *   ===+================+===============+===================+=== internet
 */
let lab: Lab;
let services: [Discovery, Discovery];
let nodes: [LabNode, LabNode, LabNode];

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  const second = new Discovery(await host("second", 8), "203.0.113.8");
  await second.start();
  services = [discovery, second];
  nodes = [await host("a", 1), await host("b", 2), await host("c", 3)];
  const cluster = newCluster();
  const urls = services.map(({ url }) => url);
  for (const [index, used] of [urls, urls.slice(0, 1), urls.slice(1)].entries())
    await nodes[index]?.start({ cluster, services: used });
});

afterAll(() => lab.close());

it("what several services say is one mesh, and each has a state of its own", async () => {
  const [a, b, c] = nodes;
  const { registries } = await a.daemon.waitForPeers("b", "c");
  await Promise.all([b.daemon.waitForPeers("a"), c.daemon.waitForPeers("a")]);
  expect(registries.map(({ name, phase, affiliates }) => [name, phase, affiliates])).toEqual([
    ["service-0", "connected", 1],
    ["service-1", "connected", 1],
  ]);
});

it("one of them goes away: its peers stay, and the other one goes on telling", async () => {
  const [a, b, c] = nodes;
  await services[0].stop("SIGKILL");
  await a.daemon.waitForStatus("the loss of one service", ({ registries }) => {
    const phases = registries.map(({ phase }) => phase);
    return phases.join() === "connecting,connected";
  });
  await c.daemon.command("down");
  await a.daemon.waitForPeers("b");
  await c.daemon.start();
  await a.daemon.waitForPeers("b", "c");
  expect(await a.reaches("203.0.113.2")).toBe(true);
  await b.daemon.waitForPeers("a");
});
