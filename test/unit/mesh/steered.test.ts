import { expect, test } from "vitest";
import { type Decision } from "../../../src/mesh/index.ts";
import { steeredNetworks } from "../../../src/mesh/steered.ts";
import type { Prefix } from "../../../src/net/index.ts";
import { parseTable } from "../../../src/nftables/index.ts";
import { tableText } from "../../../src/nftables/table.ts";
import type { Connection, PeerState } from "../../../src/peers/index.ts";
import { frame } from "../nftables/frame.ts";
import { address, affiliate, config, peerSpec, prefix } from "./values.ts";

const granted = ["192.0.2.2/32", "10.244.2.0/24", "192.0.2.64/26"].map(prefix);
const listed = new Set(["192.0.2.2/32", "192.0.2.65/32"].map(prefix));
const peer = peerSpec(2, [], { allowedIPs: granted });

const connection = (state: PeerState) =>
  (state === "up" ? { phase: "up" } : { phase: "connecting", state }) as Connection;

/** A node at 192.0.2.1 with the pods 10.244.1.0/24, and one peer. */
const decision = (state: PeerState): Decision =>
  ({
    specs: { peers: [peer], networks: granted, refused: [] },
    polled: { memory: { connections: new Map([[peer.publicKey, connection(state)]]) } },
    targets: granted,
    kinds: new Map([[peer.nodeId, { pods: [prefix("10.244.2.0/24")], listed }]]),
    announcement: { own: affiliate(1, {}, { addresses: [address("192.0.2.1")] }), observed: new Map() },
  }) as unknown as Decision;

const kernel = {
  table: { kind: "absent" as const },
  addresses: { usable: [address("192.0.2.1")], leftOut: [] },
  links: [
    {
      index: 2,
      name: "eth0",
      kind: undefined,
      up: true,
      mtu: 1500,
      hardwareAddress: undefined,
      isPort: false,
      addresses: [
        { address: address("192.0.2.1"), bits: 24, scope: "global", deprecated: false, tentative: false },
      ],
    },
  ],
};
const settings = config({
  advertisedPrefixes: ["10.244.1.0/24", "172.20.0.0/16"].map(prefix),
  otherNetworks: [prefix("172.20.0.0/16")],
});

test("of a peer that is up, only what is around and not listed may come in outside", () => {
  const { tolerated } = steeredNetworks(settings, decision("up"), kernel, true);
  expect(tolerated).toContain("192.0.2.64/32");
  expect(tolerated.some((each: Prefix) => each === "192.0.2.65/32" || each.startsWith("10."))).toBe(false);
});

test.each<PeerState>(["down", "unknown"])("of a peer that is %s, everything", (state) => {
  expect(steeredNetworks(settings, decision(state), kernel, true).tolerated).toEqual(granted.toSorted());
});

test("until the registries have settled, what the table holds stays what it is", () => {
  const table = parseTable(
    tableText({
      ...frame,
      targets: ["10.244.9.0/24", "192.0.2.2/32"].map(prefix),
      pods: [prefix("10.244.9.0/24")],
      own: [prefix("10.244.3.0/24")],
      ownPods: [prefix("10.244.3.0/24")],
    }),
  );
  const before = steeredNetworks(settings, decision("up"), { ...kernel, table }, false);
  expect(before.targets).toContain("10.244.9.0/24");
  expect(before.pods).toEqual(["10.244.2.0/24", "10.244.9.0/24"]);
  expect(before.tolerated).toContain("10.244.9.0/24");
  expect(before.own).toContain("10.244.3.0/24");
  expect(before.ownPods).toEqual(["10.244.1.0/24", "10.244.3.0/24"]);
  expect(steeredNetworks(settings, decision("up"), { ...kernel, table }, true).own).not.toContain(
    "10.244.3.0/24",
  );
});

test("this node's are its addresses, and what it advertises and does not exclude; pods' without what is none", () => {
  const excluding = { ...settings, excludeAdvertisedNetworks: [prefix("10.244.1.128/25")] };
  const { own, ownPods } = steeredNetworks(excluding, decision("up"), kernel, true);
  expect(own).toEqual(["10.244.1.0/25", "172.20.0.0/16", "192.0.2.1/32", "fd00:0:0:2::1/128"]);
  expect(ownPods).toEqual(["10.244.1.0/25"]);
});
