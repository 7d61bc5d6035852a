import { afterAll, beforeAll, expect, it } from "vitest";
import { Lab } from "../../lab/index.ts";
import { checkTable } from "./document.ts";
import { type Mesh, twoNodes } from "./mesh.ts";
import { ipip, setUp } from "./networks.ts";
import { encrypted, pinged, pingedWays } from "./ways.ts";

/** In the emulated machine (test/vm/mesh.test.ts): not every kernel has IPIP. */
let lab: Lab;
let mesh: Mesh;

beforeAll(async () => {
  lab = await Lab.open();
  mesh = await twoNodes(lab, false);
  await setUp(ipip, mesh);
});
afterAll(() => lab.close());

it("Calico's IPIP goes through the mesh, although no pod network is advertised", async () => {
  const found = await pingedWays(lab, mesh, ipip.addresses, ipip.name);
  expect(found).toEqual(pinged.map(() => encrypted));
  expect(Number(await mesh.b.run("cat", "/sys/class/net/tunl0/statistics/rx_packets"))).toBeGreaterThan(0);
  await checkTable("ipip", ["CNI", "IP", "advertised", ...pinged], [[ipip.name, "4", "no", ...found]]);
});
