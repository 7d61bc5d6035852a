import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Cluster, Lab, type LabNode, newCluster, publicNetwork } from "../../lab/index.ts";
import { temporaryFolder } from "../unit/temporary-folder.ts";
import { browserWithin, openBrowser, openTab } from "./browser.ts";

/*
 * A node a that serves the page to itself, and its peer b.
 *
 *   a 203.0.113.1   b 203.0.113.2   discovery 203.0.113.9
 *   ===+================+===============+=== internet
 */
let lab: Lab;
let cluster: Cluster;
let a: LabNode;
let b: LabNode;
const port = 9586;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b] = [await host("a", 1), await host("b", 2)];
  cluster = newCluster();
  const options = { cluster, services: [discovery.url] };
  await a.start({ ...options, daemon: { metrics: { listen: `127.0.0.1:${port}`, page: true } } });
  await b.start(options);
  await a.daemon.waitForPeers("b");
});

afterAll(() => lab.close());

test("a daemon shows its peers in a browser, live, and no secret", async () => {
  const file = await browserWithin((argv) => a.namespace.enter(argv), await temporaryFolder());
  const browser = await openBrowser(file);
  onTestFinished(() => browser.close());
  const { tab, wrong } = await openTab(browser, `http://127.0.0.1:${port}/`);
  const row = tab.getByRole("row", { name: /^b / });
  expect(await row.textContent()).toMatch(/^bupdirect/);
  expect(await row.textContent()).toContain("203.0.113.2:51820");
  expect(await tab.locator("#events").textContent()).toContain("kubespan is running");
  const state = String(await tab.evaluate(`fetch("/page/state").then((answer) => answer.text())`));
  const { privateKey } = JSON.parse(a.namespace.read("/run/state/identity.json")) as { privateKey: string };
  expect(privateKey).toHaveLength(44);
  for (const secret of [privateKey, cluster.secret]) {
    expect(state).not.toContain(secret);
    expect(await tab.content()).not.toContain(secret);
  }
  await a.run("nft", "delete", "table", "inet", "talos_kubespan");
  await tab.locator("#repairs tr", { hasText: /^table1$/ }).waitFor();
  expect(wrong).toEqual([]);
});
