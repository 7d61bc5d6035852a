import { afterAll, beforeAll, expect, test } from "vitest";
import { Discovery, Lab, type LabNode, newCluster } from "../../lab/index.ts";

/*
 *   a 203.0.113.1, also at 198.51.100.7 by a name    b 203.0.113.2    hub 203.0.113.9 (discovery)
 */
let lab: Lab;
let discovery: Discovery;
let a: LabNode;
let b: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  const internet = await lab.network("internet");
  const [first, second, hub] = [await lab.node("a"), await lab.node("b"), await lab.node("hub")];
  await first.attach(internet, "203.0.113.1/24");
  await second.attach(internet, "203.0.113.2/24");
  await hub.attach(internet, "203.0.113.9/24");
  [a, b] = [first, second];
  discovery = new Discovery(hub, "203.0.113.9");
  await discovery.start();
});
afterAll(() => lab?.close());

test("an endpoint with a host name is announced as the address that the name leads to; others dial it", async () => {
  await a.namespace.write("/run/hosts", "127.0.0.1 localhost\n198.51.100.7 home.test\n", 0o644);
  await a.run("mount", "--bind", "/run/hosts", "/etc/hosts");
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, extraEndpoints: ["home.test:4711", "nowhere.test:4711"] });
  await b.start(options);
  const own = await a.daemon.waitForStatus("the address of the name", ({ node }) =>
    node.announcedEndpoints.some((endpoint) => endpoint === "198.51.100.7:4711"),
  );
  expect(own.node.announcedEndpoints).toContain("203.0.113.1:51820");
  await a.daemon.waitForStatus("the reason of the other name", ({ node }) =>
    node.leftOut.some(
      ({ value, reason }) => value === "endpoint nowhere.test:4711" && /was not found/.test(reason),
    ),
  );
  await b.daemon.waitForStatus("the candidate", ({ peers }) =>
    (peers[0]?.candidates ?? []).some(({ endpoint }) => endpoint === "198.51.100.7:4711"),
  );
});
