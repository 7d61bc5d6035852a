import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../lab/index.ts";
import { checkTable } from "./document.ts";
import { advertisedByName, type Mesh, notAdvertised, twoNodes } from "./mesh.ts";
import { ipip, setUp } from "./networks.ts";
import { encrypted, pinged, pingedWays } from "./ways.ts";

/** In the emulated machine (test/vm/mesh.test.ts): not every kernel has IPIP. */
const advertised = { yes: advertisedByName, no: notAdvertised } as const;
const rows: string[][] = [];

describe.each(Object.keys(advertised) as (keyof typeof advertised)[])("advertised: %s", (isAdvertised) => {
  let lab: Lab;
  let mesh: Mesh;

  beforeAll(async () => {
    lab = await Lab.open();
    mesh = await twoNodes(lab, advertised[isAdvertised]);
    await setUp(ipip, mesh);
  });
  afterAll(() => lab.close());

  it("everything between two nodes and their pods goes through the mesh", async () => {
    const found = await pingedWays(lab, mesh, ipip.addresses, ipip.name);
    expect(found).toEqual(pinged.map(() => encrypted));
    // Without the mesh's knowledge of the pods, it is IPIP that carries them there, as packets of nodes.
    const carried = Number(await mesh.b.run("cat", "/sys/class/net/tunl0/statistics/rx_packets"));
    if (isAdvertised === "no") expect(carried).toBeGreaterThan(0);
    rows.push([ipip.name, "4", isAdvertised, ...found]);
  });
});

it("the documentation says so", () => checkTable("ipip", ["CNI", "IP", "advertised", ...pinged], rows));
