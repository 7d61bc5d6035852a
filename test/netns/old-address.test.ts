import { afterAll, beforeAll, expect, it } from "vitest";
import { Lab, type LabNode, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";

/*
 * A node that loses its address while its daemon does not run.
 *
 *   a 203.0.113.1    b 203.0.113.2, then 203.0.113.7    x 203.0.113.5, which is no member
 *   ===+================+=================================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let x: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b, x] = [await host("a", 1), await host("b", 2), await host("x", 5)];
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start(options);
  await b.start(options);
  await a.daemon.waitForPeers("b");
});

afterAll(() => lab.close());

/** Whether somebody on the network answers ARP for the address. */
async function isAnsweredFor(address: string): Promise<boolean> {
  await x.run("ip", "neigh", "flush", "to", address);
  await x.ping(address, 1);
  return (await x.run("ip", "neigh", "show", "to", address)).includes("lladdr");
}

it("answers for its address while it has it, and nobody does for what only the mesh's link carries", async () => {
  await waitFor(() => a.reaches("203.0.113.2"), { what: "b to be reached through the mesh" });
  expect(await isAnsweredFor("203.0.113.2")).toBe(true);
  const local = await b.run("ip", "route", "show", "table", "local", "dev", "kubespan");
  expect(local).not.toContain("local 203.0.113.2");
});

it("a link that was down and came up again does not answer either", async () => {
  await b.run("ip", "link", "set", "kubespan", "down");
  await b.run("ip", "link", "set", "kubespan", "up");
  await waitFor(
    async () =>
      !(await b.run("ip", "route", "show", "table", "local", "dev", "kubespan")).includes("local 203"),
    { what: "the link not to answer for the address" },
  );
  await waitFor(() => a.reaches("203.0.113.2"), { what: "b to be reached through the mesh again" });
});

it("a node whose daemon is stopped does not answer for an address that was taken from it", async () => {
  await b.daemon.stop();
  expect(await a.reaches("203.0.113.2")).toBe(true);
  await b.run("ip", "address", "del", "203.0.113.2/24", "dev", "eth0");
  await b.run("ip", "address", "add", "203.0.113.7/24", "dev", "eth0");
  expect(await isAnsweredFor("203.0.113.7")).toBe(true);
  expect(await isAnsweredFor("203.0.113.2")).toBe(false);
});
