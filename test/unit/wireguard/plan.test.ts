import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandText } from "../../../src/base/command.ts";
import { Secret } from "../../../src/base/secret.ts";
import type { Step } from "../../../src/base/step.ts";
import {
  chooseImplementation,
  type DesiredDevice,
  type DesiredPeer,
  type ObservedWireGuard,
  planNoWireGuard,
  planPeers,
  planTunnels,
} from "../../../src/wireguard/index.ts";
import { endpoint, key, prefix } from "../mesh/values.ts";
import { carryOut } from "./device.ts";

const privateKey = new Secret(new Uint8Array(32).fill(200));
const presharedKey = new Secret(new Uint8Array(32).fill(201));
const peer = (number: number, more: Partial<DesiredPeer> = {}): DesiredPeer => ({
  publicKey: key(number),
  label: `node-${number}`,
  allowedIPs: [prefix(`10.0.${number}.0/24`)],
  action: { kind: "keep" },
  ...more,
});
const device = (peers: readonly DesiredPeer[], more: Partial<DesiredDevice> = {}): DesiredDevice => ({
  interfaceName: "kubespan",
  implementation: "kernel",
  mtu: 1420,
  privateKey,
  presharedKey,
  listenPort: 51820,
  firewallMark: 0x20,
  peers,
  ...more,
});
const planWireGuard = (desired: DesiredDevice, observed: ObservedWireGuard): Step[] => [
  ...planTunnels(desired, observed),
  ...planPeers(desired, observed.device),
];
const nothing: ObservedWireGuard = { kernelSupport: true, link: undefined, device: undefined };
const after = (desired: DesiredDevice, before: ObservedWireGuard = nothing): ObservedWireGuard =>
  carryOut(planWireGuard(desired, before), before);
const texts = (steps: readonly Step[]): string[] => steps.map((step) => step.text);
const connected = (observed: ObservedWireGuard, publicKey: string): ObservedWireGuard => {
  const known = observed.device?.peers.get(publicKey);
  if (!observed.link || !observed.device || !known) return expect.fail("no such peer");
  const peers = new Map(observed.device.peers).set(publicKey, { ...known, handshakeAt: 1 });
  return { ...observed, device: { ...observed.device, peers } };
};

describe("planWireGuard", () => {
  it("gives a peer its own preshared key, by a command of its own, and again only when that changes", () => {
    const [own, next] = [new Secret(new Uint8Array(32).fill(202)), new Secret(new Uint8Array(32).fill(203))];
    const desired = device([peer(2), peer(3, { presharedKey: own }), peer(4)]);
    const observed = after(desired);
    const keyOf = (number: number, at = observed) => at.device?.peers.get(key(number))?.presharedKey;
    expect([keyOf(2), keyOf(3), keyOf(4)]).toEqual([presharedKey, own, presharedKey]);
    expect(keyOf(3)?.equals(own)).toBe(true);
    expect(planWireGuard(desired, observed)).toEqual([]);
    const steps = planWireGuard(device([peer(2), peer(3, { presharedKey: next }), peer(4)]), observed);
    expect(texts(steps)).toEqual(["WireGuard: change preshared-key of node-3"]);
    expect(keyOf(3, carryOut(steps, observed))?.equals(next)).toBe(true);
  });

  it("makes a device from nothing, up before its peers are set", () => {
    const steps = planWireGuard(
      device([peer(2, { action: { kind: "dial", endpoint: endpoint("198.51.100.2:51820") } })]),
      nothing,
    );
    expect(steps.flatMap((step) => step.commands.map(commandText))).toEqual([
      "ip link add kubespan type wireguard",
      "ip link set kubespan mtu 1420",
      "wg set kubespan private-key {input} listen-port 51820 fwmark 0x20",
      "ip link set kubespan up",
      `wg set kubespan peer ${key(2)} preshared-key {input} endpoint 198.51.100.2:51820 persistent-keepalive 25 allowed-ips 10.0.2.0/24`,
    ]);
  });

  it("has nothing to do a second time", () => {
    const desired = device([peer(2), peer(3)]);
    expect(planWireGuard(desired, after(desired))).toEqual([]);
  });

  it("names only the peer that changed", () => {
    const before = after(device([peer(2), peer(3), peer(4)]));
    const steps = planWireGuard(
      device([peer(2), peer(3, { allowedIPs: [prefix("10.9.0.0/16")] }), peer(5)]),
      before,
    );
    expect(texts(steps)).toEqual([
      "WireGuard: change allowed-ips of node-3; add node-5",
      `WireGuard: remove peer ${key(4)}`,
    ]);
    expect(steps.map((step) => step.stage)).toEqual(["grow", "shrink"]);
    expect(JSON.stringify(steps)).not.toContain(key(2));
  });

  it("never dials or re-creates a peer that nobody asked to dial", () => {
    const desired = device([peer(2, { action: { kind: "dial", endpoint: endpoint("198.51.100.2:51820") } })]);
    const before = connected(after(desired), key(2));
    const steps = planWireGuard(device([peer(2, { allowedIPs: [prefix("10.7.0.0/16")] })]), before);
    expect(steps.flatMap((step) => step.commands.flatMap((command) => command.args))).not.toContain("remove");
    expect(carryOut(steps, before).device?.peers.get(key(2))).toMatchObject({
      handshakeAt: 1,
      endpoint: "198.51.100.2:51820",
    });
  });

  it.each([
    ["waited and was not heard: it is only turned on", { action: { kind: "wait" } } as const, 0, 0],
    [
      "waited and was heard: WireGuard has answered it, and makes no initiation for 5 s",
      { action: { kind: "wait" } } as const,
      148,
      1,
    ],
    ["was dialled in vain: it is new again", {}, 0, 1],
  ])("a dialled peer that %s", (_, waiting, receivedBytes, removals) => {
    const before = after(device([peer(2, waiting)]));
    const known = before.device?.peers.get(key(2));
    if (!before.device || !known) throw new Error("no peer");
    const peers = new Map([[key(2), { ...known, receivedBytes }]]);
    const steps = planWireGuard(
      device([peer(2, { action: { kind: "dial", endpoint: endpoint("198.51.100.2:51820") } })]),
      {
        ...before,
        device: { ...before.device, peers },
      },
    );
    const args = steps.flatMap((step) => step.commands.flatMap((command) => command.args));
    expect(args.filter((argument) => argument === "remove")).toHaveLength(removals);
    expect(args.join(" ")).toContain("endpoint 198.51.100.2:51820 persistent-keepalive 25");
  });

  it("leaves alone whom it called in vain: without an endpoint WireGuard has nothing to repeat", () => {
    const before = after(
      device([peer(2, { action: { kind: "dial", endpoint: endpoint("198.51.100.2:51820") } }), peer(3)]),
    );
    const steps = planWireGuard(device([peer(2, { action: { kind: "park" } }), peer(3)]), before);
    expect(texts(steps)).toEqual(["WireGuard: leave alone node-2"]);
    const { peers } = carryOut(steps, before).device ?? expect.fail("no device");
    expect(peers.get(key(2))).toMatchObject({ keepaliveSeconds: 0, allowedIPs: ["10.0.2.0/24"] });
    expect(peers.get(key(2))).not.toHaveProperty("endpoint");
    expect(peers.has(key(3))).toBe(true);
  });

  it("puts right what somebody changed", () => {
    const desired = device([peer(2)]);
    const observed = after(desired);
    const held = observed.device ?? expect.fail("no device");
    const link = observed.link ?? expect.fail("no link");
    const broken: ObservedWireGuard = {
      link: { ...link, mtu: 9000, isUp: false },
      device: { ...held, firewallMark: 0, listenPort: 1, privateKey: presharedKey },
    };
    expect(planWireGuard(desired, carryOut(planWireGuard(desired, broken), broken))).toEqual([]);
  });

  it("keeps keys out of steps and commands, and splits what no argument list can hold", () => {
    const many = Array.from({ length: 3000 }, (_, index) =>
      peer(2, { publicKey: Buffer.from(String(index).padStart(32)).toString("base64") }),
    );
    const steps = planWireGuard(device(many), nothing);
    const text = steps.map((step) => `${step.text} ${step.commands.map(commandText).join(" ")}`).join(" ");
    for (const secret of [privateKey, presharedKey]) expect(text).not.toContain(secret.revealBase64());
    for (const { args } of steps.flatMap((step) => step.commands))
      expect(args.join(" ").length).toBeLessThan(200_000);
    expect(carryOut(steps, nothing).device?.peers.size).toBe(3000);
  });

  describe("of a peer with more networks than an argument holds", () => {
    const many = Array.from({ length: 9000 }, (_, index) =>
      prefix(`2000:${(index >> 8).toString(16)}:${(index & 255).toString(16)}::/48`),
    );
    const one = device([peer(2, { allowedIPs: many }), peer(3)]);

    it.each([
      ["is added", nothing],
      ["is changed", after(device([peer(2), peer(3)]))],
    ])("%s without one in an argument", (_, before) => {
      const steps = planWireGuard(one, before);
      for (const { args } of steps.flatMap((step) => step.commands))
        for (const argument of args) expect(argument.length).toBeLessThan(10_000);
      const held = carryOut(steps, before).device?.peers;
      expect(held?.get(key(2))?.allowedIPs).toEqual(many);
      expect(held?.get(key(3))?.allowedIPs).toEqual(["10.0.3.0/24"]);
      expect(planWireGuard(one, after(one, before))).toEqual([]);
      expect(JSON.stringify(steps)).not.toContain(presharedKey.revealBase64());
    });

    it("is dialled, and has them again", () => {
      const before = after(one);
      const dialled = device([
        peer(2, { allowedIPs: many, action: { kind: "dial", endpoint: endpoint("198.51.100.2:51820") } }),
        peer(3),
      ]);
      const held = carryOut(planWireGuard(dialled, before), before).device?.peers.get(key(2));
      expect(held).toMatchObject({ endpoint: "198.51.100.2:51820", allowedIPs: { length: 9000 } });
    });
  });

  it("can be made of each peer by itself, with the same outcome", () => {
    const desired = device([
      peer(2),
      peer(3, { action: { kind: "dial", endpoint: endpoint("198.51.100.3:51820") } }),
      peer(4),
    ]);
    const [link, peers] = [planTunnels(desired, nothing), planPeers(desired, undefined)];
    const made = carryOut(link, nothing);
    const apart = peers.flatMap(({ apart: each }) => (typeof each === "object" ? each : []));
    expect(apart).toHaveLength(3);
    expect(carryOut(apart, made)).toEqual(carryOut(peers, made));
  });

  const peers = fc.uniqueArray(
    fc.record({ number: fc.integer({ min: 1, max: 6 }), third: fc.nat(3), dials: fc.boolean() }),
    { selector: ({ number }) => number, maxLength: 6 },
  );
  const devices = peers.map((list) =>
    device(
      list.map(({ number, third, dials }) =>
        peer(number, {
          allowedIPs: [prefix(`10.${number}.${third}.0/24`)],
          ...(dials && { action: { kind: "dial", endpoint: endpoint(`198.51.100.${number}:51820`) } }),
        }),
      ),
    ),
  );

  it("reaches any device from any other, also when it is interrupted", () => {
    fc.assert(
      fc.property(devices, devices, fc.nat(6), (first, second, interrupted) => {
        const start = after(first);
        const steps = planWireGuard(second, start);
        const half = carryOut(steps.slice(0, interrupted), start);
        const done = carryOut(planWireGuard(second, half), half);
        const again = device(second.peers.map((one) => ({ ...one, action: { kind: "keep" } as const })));
        expect(planWireGuard(again, done)).toEqual([]);
        expect([...(done.device?.peers.keys() ?? [])].toSorted()).toEqual(
          second.peers.map((one) => one.publicKey).toSorted(),
        );
      }),
    );
  });
});

describe("the implementation", () => {
  const kernelLink: ObservedWireGuard = {
    link: { kind: "wireguard", mtu: 1420, isUp: true },
    device: undefined,
  };
  const tunnel: ObservedWireGuard = {
    link: { kind: "tun", mtu: 1420, isUp: true },
    device: { listenPort: 0, firewallMark: 0, peers: new Map() },
  };

  it.each([
    ["auto", nothing, "kernel"],
    ["auto", { ...nothing, kernelSupport: false }, "userspace"],
    ["userspace", nothing, "userspace"],
    ["auto", kernelLink, "kernel"],
    ["auto", tunnel, "userspace"],
    ["userspace", tunnel, "userspace"],
  ] as const)("%s is chosen well", (wish, observed, chosen) => {
    expect(chooseImplementation(wish, "kubespan", observed)).toBe(chosen);
  });

  it.each([
    ["kernel", { ...nothing, kernelSupport: false }, "this kernel has no WireGuard"],
    ["kernel", tunnel, "the link kubespan uses the userspace implementation, not kernel"],
    ["userspace", kernelLink, "the link kubespan uses the kernel implementation, not userspace"],
    [
      "auto",
      { link: { kind: "bridge", mtu: 1500, isUp: true }, device: undefined },
      "there is a link kubespan that is no WireGuard link (bridge)",
    ],
    [
      "auto",
      { link: { kind: "tun", mtu: 1500, isUp: true }, device: undefined },
      "there is a link kubespan that is no WireGuard link (tun)",
    ],
  ] as const)("%s can be impossible", (wish, observed, message) => {
    expect(() => chooseImplementation(wish, "kubespan", observed)).toThrow(message);
  });

  it("is removed with its link, and nobody else's link is", () => {
    expect(texts(planNoWireGuard("kubespan", kernelLink))).toEqual(["remove the link kubespan"]);
    expect(planNoWireGuard("kubespan", nothing)).toEqual([]);
    expect(() =>
      planNoWireGuard("kubespan", { ...nothing, link: { kind: "bridge", mtu: 1500, isUp: true } }),
    ).toThrow("no WireGuard link");
  });
});
