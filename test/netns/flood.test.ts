import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Flood,
  Lab,
  type LabNode,
  newCluster,
  type PublicNetwork,
  publicNetwork,
} from "../../lab/index.ts";
import { mostKnocking, packetLimits } from "../../src/peers/index.ts";

/*
 *   a 203.0.113.1   b 203.0.113.2   hostile 203.0.113.6   service 203.0.113.9   victim 203.0.113.64 to .79
 *   ===+================+================+======================+====================+=== internet
 *
 * The hostile host has the cluster's secret, and makes up members that are said to be where the victim is.
 */
let lab: Lab;
let internet: PublicNetwork;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;
let flood: Flood;
let victim: LabNode;

const members = 20;
const addresses = Array.from({ length: 16 }, (_, index) => `203.0.113.${64 + index}`);
const endpointsEach = 64;

beforeAll(async () => {
  lab = await Lab.open();
  internet = await publicNetwork(lab);
  [a, b] = [await internet.host("a", 1), await internet.host("b", 2)];
  victim = await lab.node("victim");
  await victim.attach(internet.network, ...addresses.map((address) => `${address}/24`));
  // 148 bytes of an initiation and eight of UDP's header; counted here, nothing is missed.
  await victim.namespace.nft(`
    table ip victim {
      counter initiations { }
      chain arriving {
        type filter hook prerouting priority raw;
        ip saddr 203.0.113.1 udp length 156 counter name initiations
      }
    }
  `);
  const cluster = newCluster();
  options = { cluster, services: [internet.discovery.url] };
  const hostile = await internet.host("hostile", 6);
  flood = new Flood(hostile, internet.discovery.url, cluster, members, addresses);
});

afterAll(() => lab.close());

/** Initiations that a sent to the victim. */
async function arrived(): Promise<number> {
  const listing = await victim.run("nft", "list", "counter", "ip", "victim", "initiations");
  return Number(/packets (\d+)/.exec(listing)?.[1]);
}

it("made-up members get no more packets than there are for them, and honest ones connect meanwhile", async () => {
  await a.start(options);
  const since = Date.now();
  await flood.start();
  await a.daemon.waitForStatus("all that was made up", ({ peers }) => peers.length === members);
  await b.start(options);
  expect(await flood.ended()).toBe(0);
  await a.daemon.waitForStatus(
    "b as a peer, and the last endpoint of each other one",
    ({ peers }) =>
      peers.length === members + 1 &&
      peers.every(({ label, state, candidates }) =>
        label === "b" ? state === "up" : candidates.length === endpointsEach,
      ),
  );
  await b.daemon.waitForStatus("a as a peer", ({ peers }) =>
    peers.some(({ label, state }) => label === "a" && state === "up"),
  );
  const sent = await arrived();
  const elapsed = (Date.now() - since) / 1000;
  const { most, perSecond } = packetLimits.unproven;
  expect(sent).toBeGreaterThanOrEqual(members * 16); // the attack took place
  expect(sent).toBeLessThanOrEqual(most + perSecond * elapsed + mostKnocking);
});
