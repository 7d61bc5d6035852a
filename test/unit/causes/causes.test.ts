import { expect, test } from "vitest";
import { causesOf, type Evidence, type NodeEvidence } from "../../../src/causes/index.ts";
import { kinds } from "../../../src/causes/kinds/index.ts";
import type { Endpoint } from "../../../src/net/index.ts";

const endpoint = "198.51.100.7:51820" as Endpoint;
const other = "198.51.100.7:40000" as Endpoint;
const refused = [{ value: endpoint, reason: "an address inside a tunnel" }];

const node: NodeEvidence = {
  nat: {},
  isClockBehind: false,
  copiesAt: [],
  hearsUdp: true,
  isEvicted: false,
  isCutOff: false,
  peersUp: 1,
  listenPort: 51820,
};
const silent: Evidence = {
  node,
  label: "node-b",
  endpoints: [endpoint],
  refused: [],
  wasUp: false,
  asked: 12,
  answered: 0,
  unreadable: 0,
  isPrivateElsewhere: false,
  isOtherFamily: false,
  lostAge: 60,
};

const cases: readonly (readonly [string, Partial<Evidence>, Partial<NodeEvidence>])[] = [
  ["silent", {}, {}],
  ["silent", { wasUp: true, heardAge: 60 }, {}],
  ["copied-identity", {}, { copiesAt: ["default"] }],
  ["going-between", { between: [endpoint, other] }, {}],
  ["clock-behind", {}, { isClockBehind: true }],
  ["unsent", { wasUp: true, isUnsent: true }, {}],
  ["no-endpoint", { endpoints: [], asked: 0 }, {}],
  ["refused-endpoints", { endpoints: [], refused, asked: 0 }, {}],
  ["one-way-out", { heardAge: 3 }, {}],
  ["one-way-out", { wasUp: true, heardAge: 3, lostAge: 120 }, {}],
  ["unfinished", { answered: 4 }, {}],
  ["shared-endpoint", { shared: { endpoint, with: "node-c" } }, {}],
  ["shared-endpoint", { shared: { endpoint, with: undefined } }, {}],
  ["absent", { absentAge: 400 }, {}],
  ["udp-blocked", {}, { hearsUdp: false, peersUp: 0 }],
  ["evicted", { heardAge: 3 }, { isEvicted: true, hearsUdp: false }],
  ["wrong-secret", { unreadable: 2 }, {}],
  ["other-family", { isOtherFamily: true }, {}],
  ["private-endpoints", { isPrivateElsewhere: true }, { nat: { ipv4: "symmetric" } }],
  ["registry-stale", { wasUp: true, heardAge: 60 }, { isCutOff: true }],
  ["symmetric-nat", {}, { nat: { ipv4: "symmetric" } }],
];

test.each(cases)("%s is the first cause of what shows it: %o %o", (kind, peer, ofNode) => {
  const [first] = causesOf({ ...silent, ...peer, node: { ...node, ...ofNode } });
  expect(first?.kind).toBe(kind);
});

test("each kind has a case", () => {
  expect(new Set(cases.map(([kind]) => kind))).toEqual(new Set(kinds.map(({ name }) => name)));
});

test.each<readonly [string, Partial<Evidence>]>([["as long as nothing was sent", { asked: 0 }]])(
  "there is no cause %s",
  (_, peer) => {
    expect(causesOf({ ...silent, ...peer })).toEqual([]);
  },
);

test.each<readonly [string, string, Partial<Evidence>, Partial<NodeEvidence>]>([
  ["the clock of this node where the peer answers", "clock-behind", { answered: 1 }, { isClockBehind: true }],
  ["a firewall here where others are connected", "udp-blocked", {}, { hearsUdp: true }],
  ["a firewall here where nobody is known who should answer", "udp-blocked", {}, { hearsUdp: undefined }],
  [
    "one way for what was heard before it was lost",
    "one-way-out",
    { wasUp: true, heardAge: 20, lostAge: 15 },
    {},
  ],
  [
    "the NAT here for a peer that was reached through it",
    "symmetric-nat",
    { wasUp: true },
    { nat: { ipv4: "symmetric" } },
  ],
])("does not blame %s", (_, kind, peer, ofNode) => {
  const found = causesOf({ ...silent, ...peer, node: { ...node, ...ofNode } });
  expect(found.map((cause) => cause.kind)).not.toContain(kind);
});

test("the first reason of refused endpoints is named, and how many there are more", () => {
  const [cause] = causesOf({
    ...silent,
    endpoints: [],
    asked: 0,
    refused: [...refused, { value: other, reason: "this node's own address" }],
  });
  expect(cause?.what).toBe(
    "this node dials none of its endpoints: 198.51.100.7:51820 is an address inside a tunnel (and 1 more)",
  );
});
