import { describe, expect, test } from "vitest";
import type { Config } from "../../../../src/config/index.ts";
import { node } from "./nodes.ts";
import { anUplink, held, ruleset } from "./scene.ts";
import { given, registriesSay, registriesSaySoFar } from "./story.ts";

const table = "inet talos_kubespan";

describe("a pass on a node that has no mesh yet", () => {
  test("makes all that packets need, then steers them, and lets go what is nobody's", async () => {
    const story = await given(registriesSay(node(2), node(3, { isSilent: true }))).andKernelHolds(anUplink);
    story.thenKernel({ "192.0.2.2": "clear", "10.244.2.9": "clear" });
    await story.whenPassed();
    story.thenPlanned(
      "grow: create the link kubespan with the kernel's WireGuard",
      "grow: set the MTU of kubespan to 1420",
      "grow: WireGuard: set private-key, listen-port, fwmark of kubespan",
      "grow: bring kubespan up",
      "grow: WireGuard: add node-2 at 192.0.2.2:51820; add node-3 at 192.0.2.3:51820",
      "grow: let kubespan take packets that a strict reverse-path filter would drop: net/ipv4/conf/kubespan/rp_filter=0",
      "grow: switch forwarding on: net/ipv4/ip_forward=1",
      "grow: give kubespan the IPv4 address 192.0.2.1",
      "grow: give kubespan the address fd00:0:0:2::1/64",
      "grow: refuse IPv4 packets for the mesh while the link is gone",
      "grow: refuse IPv6 packets for the mesh while the link is gone",
      "grow: route IPv4 in table 180 through kubespan, MTU 1420, source 192.0.2.1",
      "grow: route IPv6 in table 180 through kubespan, MTU 1420, source fd00:0:0:2::1",
      "grow: add the IPv4 rule priority 32500 fwmark 0x40/0x60 lookup 180",
      "grow: add the IPv6 rule priority 32500 fwmark 0x40/0x60 lookup 180",
      "swap: create the nft table with 2 targets",
      "swap: hold back at eth0 what the table would not stop, if it were gone",
    );
    story.thenKernel({
      "192.0.2.2": "tunnel",
      "10.244.2.9": "tunnel",
      "192.0.2.3": "tunnel", // WireGuard keeps it for a peer that is silent
      "10.244.4.9": "clear",
      "203.0.113.9": "clear",
    });
  });

  test("has nothing left to do the second time, where nobody answers", async () => {
    const nobody = [2, 3].map((number) => node(number, { isSilent: true }));
    const story = await given(registriesSay(...nobody)).andKernelHolds(anUplink);
    await story.whenPassed();
    (await story.whenPassed()).thenPlanned();
  });

  test("looks once more where somebody answers, for who may come in outside from then on", async () => {
    const story = await given(registriesSay(node(2))).andKernelHolds(anUplink);
    await story.whenPassed();
    (await story.whenPassed()).thenPlanned(
      "swap: change the networks that first packets are judged by: remove 10.244.2.0/24 192.0.2.2/32 fd00:0:0:2::2/128",
    );
    (await story.whenPassed()).thenPlanned();
  });
});

describe("a member", () => {
  test("that no registry names any more stays steered, and is refused once nobody answers", async () => {
    const story = await given(registriesSay(node(2), node(3))).andKernelHolds(anUplink);
    await story.whenSettled();
    await story.whenRegistriesSay(node(2));
    story.thenKernel({ "10.244.2.9": "tunnel", "10.244.3.9": "tunnel" });
  });

  test("that comes is steered, and nothing else changes", async () => {
    const story = await given(registriesSay(node(2))).andKernelHolds(anUplink);
    await story.whenSettled();
    story.scene.registriesSay([node(2), node(3)]);
    await story.whenPassed();
    story.thenPlanned(
      "grow: WireGuard: add node-3 at 192.0.2.3:51820",
      /^swap: change the targets: add 192\.0\.2\.3\/32 .*, remove 10\.244\.2\.0\/24$/,
      "swap: hold back at eth0 what the table would not stop, if it were gone",
    );
    story.thenKernel({ "10.244.2.9": "tunnel", "10.244.3.9": "tunnel" });
  });

  test("takes over a network that another one gives up, and its allowed IP moves with it", async () => {
    const pods = "10.244.7.0/24";
    const story = await given(
      registriesSay(node(2, { networks: [pods] }), node(3, { networks: [] })),
    ).andKernelHolds(anUplink);
    await story.whenSettled();
    await story.whenRegistriesSay(node(2, { networks: [] }), node(3, { networks: [pods] }));
    story.thenKernel({ "10.244.7.9": "tunnel" });
    const { peers } = story.scene.kernel.devices.get("kubespan") ?? { peers: new Map() };
    const owners = [...peers.values()].filter(({ allowedIPs }) => allowedIPs.includes(pods));
    expect(owners.map(({ publicKey }) => publicKey)).toEqual([node(3).claim.kubespan?.publicKey]);
  });
});

describe("until the registries have settled", () => {
  test("a daemon that has just started takes nothing away from what it finds", async () => {
    const story = await given(registriesSay(node(2), node(3))).andKernelHolds(anUplink);
    await story.whenSettled();
    const other = await given(registriesSaySoFar()).andKernelHolds();
    other.scene.kernel = story.scene.kernel; // found by a daemon that has no ledger
    await other.whenPassed();
    other.thenPlanned(
      /^swap: change the networks that first packets are judged by: add 10\.244\.2\.0\/23 192\.0\.2\.2\/31$/,
    );
    other.thenKernel({ "10.244.2.9": "tunnel", "192.0.2.3": "tunnel" });
  });
});

describe("what somebody else did", () => {
  test.each([
    ["deleted the table", held(`nft delete table ${table}`), "swap: create the nft table with 3 targets"],
    [
      "put a rule into a chain",
      ruleset(`add rule ${table} kubespan_outgoing accept`),
      "swap: replace the nft table, which is not as it should be, with 3 targets",
    ],
    [
      "took a target away",
      ruleset(`delete element ${table} kubespan_blocks_ipv4 { 10.244.2.0 }`),
      "swap: change the targets: add 10.244.2.0/24",
    ],
    [
      "deleted the rule",
      held("ip -4 rule del priority 32500 fwmark 0x40/0x60 lookup 180"),
      "grow: add the IPv4 rule priority 32500 fwmark 0x40/0x60 lookup 180",
    ],
    [
      "added a rule before ours",
      held("ip -4 rule add priority 100 fwmark 0x40/0x40 lookup 254"),
      "grow: let the mesh come before rules of others: IPv4 rule, priority 99",
    ],
    [
      "lifted the barrier of table 180",
      held("ip -4 route del unreachable default table 180 metric 4278190080"),
      "grow: refuse IPv4 packets for the mesh while the link is gone",
    ],
    ["changed the MTU", held("ip link set kubespan mtu 1300"), "grow: set the MTU of kubespan to 1420"],
    [
      "took the second barrier away",
      held("tc qdisc del dev eth0 clsact"),
      "swap: hold back at eth0 what the table would not stop, if it were gone",
    ],
  ])("is put back in one pass: %s", async (_, doing, repair) => {
    const story = await given(registriesSay(node(2), node(3, { networks: ["10.0.0.0/16"] }))).andKernelHolds(
      anUplink,
    );
    await story.whenSettled();
    const before = story.scene.picture();
    await story.whenSomebodyDoes(doing);
    story.thenKernel({ "10.244.2.9": expect.not.stringMatching("clear") as "tunnel" });
    (await story.whenPassed()).thenPlanned(repair);
    (await story.whenPassed()).thenPlanned();
    if (repair.includes("before rules of others")) return; // theirs is still there
    expect(story.scene.picture()).toEqual(before);
  });

  test("nothing is held back at the link of another mesh, which shows what it is when it has its address", async () => {
    const story = await given(registriesSay(node(2))).andKernelHolds(anUplink);
    await story.whenSettled();
    await story.whenSomebodyDoes(held("ip link add mesh-2 type wireguard", "ip link set mesh-2 up"));
    (await story.whenPassed()).thenPlanned(
      "swap: hold back at mesh-2 what the table would not stop, if it were gone",
    );
    await story.whenSomebodyDoes(held("ip -6 address add fd12:3456:789a:bc02::1/64 dev mesh-2 nodad"));
    (await story.whenPassed()).thenPlanned(/^swap: hold nothing back at mesh-2 any more$/);
  });

  test("a link that went down comes up with all its routes and addresses", async () => {
    const story = await given(registriesSay(node(2))).andKernelHolds(anUplink);
    await story.whenSettled();
    const before = story.scene.picture();
    await story.whenSomebodyDoes(held("ip link set kubespan down"));
    story.thenKernel({ "10.244.2.9": "refused", "192.0.2.2": "refused" });
    await story.whenSettled();
    expect(story.scene.picture()).toEqual(before);
  });

  test("a link that was deleted comes back, and until then packets are refused", async () => {
    const story = await given(registriesSay(node(2))).andKernelHolds(anUplink);
    await story.whenSettled();
    const before = story.scene.picture();
    await story.whenSomebodyDoes(held("ip link del kubespan"));
    story.thenKernel({ "10.244.2.9": "refused", "192.0.2.2": "refused" });
    await story.whenSettled();
    expect(story.scene.picture()).toEqual(before);
  });
});

describe("pod networks in the main table", () => {
  const on = { podNetworks: { mainTable: true, source: "kubernetes" } } as const;

  test("come and go with the peers, and with the mesh", async () => {
    const story = await given(registriesSay(node(2)), on).andKernelHolds(anUplink);
    const before = story.scene.picture();
    await story.whenPassed();
    story.thenPlannedAmongOthers("grow: route pod networks of peers in the main table, too: 10.244.2.0/24");
    await story.whenSettled();
    (await story.whenPassed()).thenPlanned();
    story.scene.registriesSay([node(2), node(3)]);
    const { steps } = await story.scene.passOverRegistries();
    expect(steps.map(({ text }) => text)).toContain(
      "route pod networks of peers in the main table, too: 10.244.2.0/23",
    );
    await story.whenSettled();
    await story.whenTakenDown();
    expect(story.scene.picture()).toEqual(before);
  });

  test("come back when somebody takes them away", async () => {
    const story = await given(registriesSay(node(2)), on).andKernelHolds(anUplink);
    await story.whenSettled();
    const before = story.scene.picture();
    await story.whenSomebodyDoes(held("ip route del unreachable 10.244.2.0/24 metric 65001"));
    await story.whenSettled();
    expect(story.scene.picture()).toEqual(before);
  });
});

describe("a machine that starts anew", () => {
  test("is closed by what it steered last, before anybody is known", async () => {
    const story = await given(registriesSay(node(2))).andKernelHolds(anUplink);
    await story.whenSettled();
    const before = story.scene.picture();
    expect(await story.scene.reboot(anUplink)).toContain("create the nft table with 2 targets");
    story.thenKernel({ "10.244.2.9": "refused", "192.0.2.2": "refused", "203.0.113.9": "clear" });
    await story.whenSettled();
    story.thenKernel({ "10.244.2.9": "tunnel", "192.0.2.2": "tunnel" });
    expect(story.scene.picture()).toEqual(before);
  });

  test("refuses pod networks in the main table, too, where the operator wants them there", async () => {
    const changes: Partial<Config> = { podNetworks: { mainTable: true, source: "kubernetes" } };
    const story = await given(registriesSay(node(2)), changes).andKernelHolds(anUplink);
    await story.whenSettled();
    const before = story.scene.picture();
    expect(await story.scene.reboot(anUplink)).toContain(
      "refuse pod networks of peers in the main table: 10.244.2.0/24",
    );
    await story.thenTool(
      "ip -4 -j -N route show table 254 proto 180",
      /^\[{"type":"7","dst":"10\.244\.2\.0\/24","metric":65001,"flags":\[\]}\]$/m,
    );
    await story.whenSettled();
    expect(story.scene.picture()).toEqual(before);
  });
});

describe("taking the mesh down", () => {
  test("leaves the kernel as it was before", async () => {
    const story = await given(registriesSay(node(2), node(3))).andKernelHolds(anUplink);
    const before = story.scene.picture();
    await story.whenSettled();
    await story.whenTakenDown();
    expect(story.scene.picture()).toEqual(before);
    story.thenKernel({ "10.244.2.9": "clear", "192.0.2.2": "clear" });
  });
});
