import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  type PublicNetwork,
  plantIdentity,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * An address whose holder is gone: each machine at 203.0.113.2 dies without a word, and the next one is installed there.
 *
 *   a 203.0.113.1    one after the other 203.0.113.2
 *   ===+================+=== internet
 */
let lab: Lab;
let network: PublicNetwork;
let a: LabNode;
let current: LabNode;
let options: ConfigOptions;

const usual = "52:54:00:12:34:56";

beforeAll(async () => {
  lab = await Lab.open();
  network = await publicNetwork(lab);
  a = await network.host("a", 1);
  options = { cluster: newCluster(), services: [network.discovery.url] };
  await a.start(options);
  current = await install("g0", { first: "7", hardwareAddress: usual });
});

afterAll(() => lab.close());

async function install(name: string, identity: Parameters<typeof plantIdentity>[1]): Promise<LabNode> {
  const node = await network.host(name, 2);
  await plantIdentity(node, identity);
  await node.start(options);
  await a.daemon.waitForStatus(`${name} to be up`, ({ peers }) =>
    peers.some(({ label, state }) => label === name && state === "up"),
  );
  return node;
}

it.each([
  ["higher", "the same", { name: "g1", first: "K", hardwareAddress: usual }],
  ["lower", "the same", { name: "g2", first: "5", hardwareAddress: usual }],
  ["higher", "another", { name: "g3", first: "P", hardwareAddress: "52:54:00:12:34:57" }],
  ["lower", "another", { name: "g4", first: "3", hardwareAddress: "52:54:00:12:34:58" }],
] as const)(
  "a machine that was installed anew, with a %s id and %s hardware address, has its addresses at once",
  async (_order, _mac, { name, ...identity }) => {
    await current.run("ip", "link", "set", "eth0", "down");
    current.daemon.signal("SIGKILL");
    await current.daemon.ended();
    current = await install(name, identity);
    const { node } = await current.daemon.status();
    for (const address of ["203.0.113.2", node.address])
      await waitFor(() => a.reaches(address), {
        what: `${name} to be reached at ${address}`,
        describe: async () => `${await a.run("wg", "show")}\n${(await a.daemon.command("status")).stdout}`,
      });
    const { peers, warnings } = await a.daemon.status();
    const ofNew = peers.find(({ label }) => label === name);
    expect(ofNew?.allowedIPs).toEqual(expect.arrayContaining(["203.0.113.2/32", `${node.address}/128`]));
    const said = warnings.map(({ who, what }) => `${who} ${what}`).join("\n");
    expect(said).toContain(`does not get 203.0.113.2/32: ${name} asks for it too and is connected`);
  },
);
