import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  PlainMember,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import type { Address, Prefix } from "../../src/net/index.ts";
import { asked, counted, giveBack, serve, take } from "./talk.ts";

/*
 * What comes in outside from a peer that says nothing of what its networks are: a Talos node, or one of 22 November.
 *
 *   a 203.0.113.1     t 203.0.113.7, says that 10.244.7.0/24, 192.168.70.0/24     x 203.0.113.66, no member
 *      |                 |           and 203.0.113.130 are behind it                 |
 *   ===+=================+===========================================================+=== internet
 *   which a's configuration says of 192.168.70.0/24 and 203.0.113.131 are no pods
 */
let lab: Lab;
let [a, t, x]: LabNode[] = [];
let options: ConfigOptions;
let member: PlainMember;
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");
const settingsOfA = { nonPodNetworks: ["192.168.70.0/24", "203.0.113.131/32"] };

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, t, x] = [await host("a", 1), await host("t", 7), await host("x", 66)];
  options = { cluster: newCluster(), services: [discovery.url] };
  const { node: self } = await (await a.start({ ...options, daemon: settingsOfA })).waitForPeers();
  member = new PlainMember(t, discovery.url);
  await member.join(
    options.cluster,
    {
      addresses: ["203.0.113.7" as Address],
      networks: ["10.244.7.0/24", "192.168.70.0/24", "203.0.113.130/32", "203.0.113.131/32"] as Prefix[],
    },
    { publicKey: self.publicKey, endpoint: "203.0.113.1:51820" },
    ["10.244.7.1" as Address, "192.168.70.1" as Address],
  );
  await a.daemon.waitForPeers("t");
  await serve(a, 7000, "a");
});

afterAll(() => lab.close());

describe("of a peer that says nothing of what its networks are, with the defaults:", () => {
  it("it has no number, and is a member that is up all the same", async () => {
    const { peers, refusedAffiliates } = await node(a).daemon.status();
    expect(refusedAffiliates).toEqual([]);
    expect(peers).toMatchObject([
      {
        label: "t",
        state: "up",
        allowedIPs: expect.arrayContaining(["203.0.113.7/32", "10.244.7.0/24"]) as string[],
      },
    ]);
  });

  it("its node address is answered where it came in", async () => {
    expect(await asked(node(t), "203.0.113.7", "203.0.113.1", 7000)).toBe("a to 203.0.113.7");
  });

  it.each([
    ["a pod of it", "10.244.7.1"],
    ["what it takes in for others", "192.168.70.1"],
  ])("%s is answered in the mesh", async (_what, source) => {
    const chains = `chain c { type filter hook output priority 10
      ip daddr ${source} tcp sport 7000 meta mark & 0x60 == 0x40 counter name inside
      ip daddr ${source} tcp sport 7000 meta mark & 0x60 != 0x40 counter name outside
    }`;
    let answer = "";
    const seen = await counted(node(a), chains, ["inside", "outside"], async () => {
      answer = await asked(node(t), source, "203.0.113.1", 7000);
    });
    expect([answer, seen]).toEqual([
      `a to ${source}`,
      { inside: expect.toSatisfy((count) => count > 0), outside: 0 },
    ]);
  });

  it.each([
    ["its additional networks count as pods', which are not met outside", "10.244.7.77", ""],
    ["so does an additional single address", "203.0.113.130", ""],
    ["unless the configuration says that they are none: a network", "192.168.70.77", "a to 192.168.70.77"],
    ["unless the configuration says that they are none: an address", "203.0.113.131", "a to 203.0.113.131"],
  ])("%s", async (_what, source, answer) => {
    await take(node(x), source);
    // The way back to whom x says it is, which a has by its gateway.
    await node(a).run("ip", "route", "replace", `${source}/32`, "via", "203.0.113.66");
    const before = (await node(a).daemon.status()).dropped.outside;
    expect(await asked(node(x), source, "203.0.113.1", 7000, answer === "" ? 5 : 60)).toBe(answer);
    const after = (await node(a).daemon.status()).dropped.outside;
    expect(after > before).toBe(answer === "");
    await giveBack(node(x), source);
  });
});

it("when it goes back to an endpoint of before, as Talos does with its links' events, it is soon led here again", async () => {
  const observer = node(a);
  const { node: self } = await observer.daemon.status();
  const keepalive = async () => (await observer.run("wg", "show", "kubespan", "persistent-keepalive")).trim();
  expect(await keepalive()).toMatch(/\t25$/);
  const second = ["203.0.113.20/24", "dev", "eth0"];
  await observer.run("ip", "address", "add", ...second);
  await observer.daemon.waitForStatus("a second address", ({ node: { announcedAddresses } }) =>
    announcedAddresses.includes("203.0.113.20" as Address),
  );
  await observer.run("ip", "address", "delete", ...second);
  await waitFor(async () => (await keepalive()).endsWith("\t5"), { what: "packets every 5 s" });
  await member.goBackTo({ publicKey: self.publicKey, endpoint: "203.0.113.99:51820" });
  await waitFor(async () => (await member.endpoint()) === "203.0.113.1:51820", { what: "t to send here" });
});
