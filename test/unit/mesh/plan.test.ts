import { describe, expect, test } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import type { Config } from "../../../src/config/index.ts";
import type { Affiliate } from "../../../src/discovery/index.ts";
import {
  type Decision,
  decide,
  emptyMemory,
  type Kernel,
  noWays,
  planMesh,
  planNoMesh,
  planRegistries,
  planText,
} from "../../../src/mesh/index.ts";
import { parseTable } from "../../../src/nftables/index.ts";
import { tableText } from "../../../src/nftables/table.ts";
import type { ObservedPeer } from "../../../src/wireguard/index.ts";
import { frame } from "../nftables/frame.ts";
import { address, affiliate, config, endpoint, key, keys, prefix, self } from "./values.ts";

const now = 1_700_000_000_000;
const noRouting = { rules: [], copies: [], ahead: [], routes: [], hasBarrier: false, mainRoutes: [] };
const own = { address: address("192.0.2.1"), bits: 24, scope: "global", deprecated: false, tentative: false };

/** A node with one uplink and nothing of the mesh. */
const bare: Kernel = {
  links: [
    {
      index: 2,
      name: "eth0",
      kind: undefined,
      up: true,
      mtu: 1500,
      hardwareAddress: "02:00:00:00:00:02",
      addresses: [own],
      isPort: false,
    },
  ],
  addresses: { usable: [own.address], leftOut: [] },
  wireguard: { link: undefined, device: undefined, kernelSupport: true },
  routing: {
    scope: { interfaceName: "kubespan", ...config().routing, marks: config().marks },
    ipv6: true,
    ipv4Routing: noRouting,
    ipv6Routing: noRouting,
    linkAddresses: [],
    answered: [],
  },
  table: { kind: "absent" },
  sysctls: {
    bootID: "00000000-0000-4000-8000-000000000000",
    values: new Map([
      ["net/ipv4/ip_forward", "0"],
      ["net/ipv6/conf/all/disable_ipv6", "0"],
    ]),
  },
  savedSysctls: undefined,
  racingTable: undefined,
  barrier: { kind: "seen", links: [] },
  otherMeshes: [],
};

/** A peer as it was left by a pass before, of whom nobody speaks any more. */
const left: ObservedPeer = {
  publicKey: key(9),
  allowedIPs: [prefix("10.244.9.0/24")],
  receivedBytes: 0,
  sentBytes: 0,
  keepaliveSeconds: 25,
};

const meshLink = { kind: "wireguard", mtu: 1420, isUp: true };

/** What a mesh that went on before has left in the kernel. */
const used: Kernel = {
  ...bare,
  wireguard: {
    link: meshLink,
    device: {
      privateKey: keys.privateKey,
      listenPort: 51_820,
      firewallMark: 0x20,
      peers: new Map([[left.publicKey, left]]),
    },
  },
  table: parseTable(tableText({ ...frame, targets: [prefix("10.244.9.0/24")] })),
};

const two = affiliate(2, { additionalAddresses: [prefix("10.244.2.0/24")] });

const decided = (settings: Config, affiliates: readonly Affiliate[] = [two], kernel = bare): Decision =>
  decide(
    {
      self,
      config: settings,
      claims: affiliates.map((each, at) => ({ affiliate: each, revision: at })),
      standings: new Map(),
      registries: [],
      ways: noWays,
      addresses: kernel.addresses.usable,
      networks: [],
      canRace: false,
      mapping: undefined,
      origin: { startedAt: now, machine: "" },
      lastNumber: 0,
      lastRanAt: 0,
    },
    kernel.wireguard.device,
    emptyMemory,
    now,
  );

type Planned = ReturnType<typeof planMesh>;

const plan = (
  kernel: Kernel,
  changes: Partial<Config> = {},
  isSettled = true,
  planner = planMesh,
): Planned => {
  const settings = config(changes);
  return planner({ config: settings, self }, keys, decided(settings, [two], kernel), kernel, isSettled);
};
const stagesOf = ({ steps }: Pick<Planned, "steps">): string[] => steps.map(({ stage }) => stage);
const textsOf = ({ steps }: Pick<Planned, "steps">): string => steps.map(({ text }) => text).join("\n");

const wanted = ({ upkeep }: Planned): unknown => upkeep.map(({ part, wanted: each }) => [part, each]);
const gone = (kernel: Kernel): string[] =>
  planNoMesh(config(), kernel, true).steps.map(({ stage, text }) => `${stage}: ${text}`);

const stages = ["grow", "swap", "shrink"];
const inOrder = (found: readonly string[]): string[] =>
  found.toSorted((one, other) => stages.indexOf(one) - stages.indexOf(other));

describe("the plan of a whole pass", () => {
  test.each([
    ["nothing", bare],
    ["a mesh", used],
  ])("grows, swaps and shrinks in this order, where the kernel holds %s", (_, kernel) => {
    const found = stagesOf(plan(kernel));
    expect(found).toEqual(inOrder(found));
    expect(new Set(found)).toEqual(new Set(kernel === bare ? ["grow", "swap"] : stages));
  });

  test("adds a peer before it steers to it, and removes one after it no longer does", () => {
    const texts = textsOf(plan(used)).split("\n");
    const [added, swapped, removed] = [/add node-2/, /nft table|targets/, /remove peer/].map((form) =>
      texts.findIndex((text) => form.test(text)),
    );
    expect(added).toBeGreaterThanOrEqual(0);
    expect(swapped).toBeGreaterThan(added ?? 0);
    expect(removed).toBeGreaterThan(swapped ?? 0);
  });

  test("takes no peer and no target away until the registries have settled", () => {
    const unsettled = plan(used, {}, false);
    expect(textsOf(unsettled)).not.toContain("remove peer");
    expect(unsettled.steered.targets).toContain("10.244.9.0/24");
    const settled = plan(used);
    expect(textsOf(settled)).toContain(`remove peer ${left.publicKey}`);
    expect(settled.steered.targets).not.toContain("10.244.9.0/24");
  });

  test("wants the same of each part, whatever the kernel holds of it", () => {
    expect(wanted(plan(used))).toEqual(wanted(plan(bare)));
    expect(plan(bare).upkeep.map(({ part }) => part)).toEqual(["link", "settings", "routing", "table"]);
    expect(wanted(plan(bare, { mtu: 1300 }))).not.toEqual(wanted(plan(bare)));
  });

  test("switches forwarding on for the families of the networks that this node announces, and remembers how it was", () => {
    expect(textsOf(plan(bare))).not.toContain("forwarding");
    const { steps, sysctls } = plan(bare, { advertisedPrefixes: [prefix("10.244.1.0/24")] });
    expect(textsOf({ steps })).toContain("switch forwarding on: net/ipv4/ip_forward=1");
    expect(sysctls.saveBefore?.sysctls).toEqual([{ key: "net/ipv4/ip_forward", original: "0", set: "1" }]);
  });

  test("holds back at the uplink what the table would not stop, unless the operator lets it out", () => {
    expect(plan(bare).second.map(({ text }) => text)).toEqual([expect.stringContaining("hold back at eth0")]);
    const open = plan(bare, { allowDownPeerBypass: true });
    expect(open.second).toEqual([]);
    expect(textsOf(open)).not.toContain("refuse IPv4 packets for the mesh");
  });

  test("takes the MTU from the links below, or from the configuration", () => {
    expect(textsOf(plan(bare))).toContain("set the MTU of kubespan to 1420");
    expect(textsOf(plan(bare, { mtu: 1300 }))).toContain("set the MTU of kubespan to 1300");
  });

  test("is refused where somebody else's rule stands in the place of ours", () => {
    const foreign = { ...noRouting, rules: [{ ours: false, text: "from 10.0.0.0/8 lookup 99" }] };
    const taken = { ...bare, routing: { ...bare.routing, ipv4Routing: foreign } };
    expect(() => plan(taken)).toThrow(KubespanError);
    expect(() => plan(taken)).toThrow(
      /priority 32500 is taken by another rule: from 10\.0\.0\.0\/8 lookup 99/,
    );
  });

  test("shows no key to who reads it", () => {
    const text = planText(plan(bare).steps);
    expect(text).toContain("preshared-key {input}");
    expect(text).not.toContain(config().cluster.secret.revealBase64());
  });
});

describe("the plan of a pass over the registries", () => {
  test("is about peers and the table alone, whatever else is missing", () => {
    const { steps, upkeep, sysctls, steered } = plan(bare, {}, true, planRegistries);
    expect(steps.map(({ text }) => text)).toEqual([
      "WireGuard: add node-2 at 198.51.100.2:51820",
      "create the nft table with 1 target",
    ]);
    expect(upkeep.map(({ part }) => part)).toEqual(["table"]);
    expect(sysctls).toEqual({ steps: [], left: [], saveBefore: undefined, saveAfter: undefined });
    expect(steered).toEqual(plan(bare).steered);
  });

  test("takes no peer away until they have settled", () => {
    expect(textsOf(plan(used, {}, false, planRegistries))).not.toContain("remove peer");
    expect(textsOf(plan(used, {}, true, planRegistries))).toContain("remove peer");
  });

  test("holds a key that a member is about to take, without a network, beside the present one", () => {
    const settings = config();
    const next = { ...keys, next: [key(22), key(2)] };
    const { steps } = planRegistries({ config: settings, self }, next, decided(settings), bare, true);
    const added = steps.flatMap(({ commands }) => commands)[0]?.args.join(" ") ?? "";
    expect(added).toMatch(`peer ${key(22)} preshared-key {input} persistent-keepalive off allowed-ips `);
    expect(added.split(key(2))).toHaveLength(2);
    expect(added).toContain("10.244.2.0/24");
  });

  test("plans for peers and table what the plan of a whole pass does", () => {
    const whole = planText(plan(used).steps);
    for (const step of plan(used, {}, true, planRegistries).steps) expect(whole).toContain(planText([step]));
  });
});

describe("the plan for no mesh", () => {
  test("is empty where there is none", () => {
    expect(planNoMesh(config(), bare, true)).toMatchObject({ steps: [], second: [], upkeep: [] });
  });

  test("takes what traffic needed first, then the second barrier, and the table last", () => {
    const ours = { ours: true, text: "" };
    const routing = { ...noRouting, rules: [ours], hasBarrier: true };
    const programs = new Map([[1, "1,6 0 0 4294967295"]]);
    const whole: Kernel = {
      ...used,
      routing: {
        ...bare.routing,
        ipv4Routing: routing,
        linkAddresses: [{ ...own, address: self.address, bits: 64 }],
      },
      racingTable: "table inet kubespan_racing {\n}\n",
      barrier: { kind: "seen", links: [{ name: "eth0", hasQdisc: true, programs, hasOthers: false }] },
      savedSysctls: {
        bootID: bare.sysctls.bootID,
        sysctls: [{ key: "net/ipv4/ip_forward", original: "0", set: "1" }],
      },
      sysctls: { ...bare.sysctls, values: new Map([...bare.sysctls.values, ["net/ipv4/ip_forward", "1"]]) },
    };
    expect(gone(whole)).toEqual([
      expect.stringMatching(/: delete the nft table for racing$/),
      "shrink: delete the IPv4 rule priority 32500 fwmark 0x40/0x60 lookup 180",
      "shrink: lift the IPv4 barrier in table 180",
      "shrink: take the address fd00:0:0:2::1/64 from kubespan",
      "shrink: remove the link kubespan",
      "shrink: restore what the mesh changed: net/ipv4/ip_forward=0",
      "swap: hold nothing back at eth0 any more",
      "swap: delete the nft table",
    ]);
    expect(planNoMesh(config(), whole, true).sysctls.saveAfter?.sysctls).toEqual([]);
  });

  test("leaves a link of that name alone that is somebody else's", () => {
    const foreign = { link: { kind: "dummy", mtu: 1500, isUp: true }, device: undefined };
    expect(() => planNoMesh(config(), { ...bare, wireguard: foreign }, true)).toThrow(
      /no WireGuard link \(dummy\)/,
    );
  });
});

test("a peer that is connected elsewhere than it says is left there", () => {
  const elsewhere = {
    ...left,
    publicKey: key(2),
    endpoint: endpoint("203.0.113.7:1024"),
    handshakeAt: now - 5_000,
  };
  const device = { listenPort: 51_820, firewallMark: 0x20, peers: new Map([[key(2), elsewhere]]) };
  const kernel = { ...used, wireguard: { link: meshLink, device } };
  expect(planText(plan(kernel).steps)).not.toMatch(/endpoint/);
});
