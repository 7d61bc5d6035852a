import { describe, expect, test } from "vitest";
import type { Netcheck, NodeStatus, PeerReport } from "../../../src/api/index.ts";
import { netcheckText } from "../../../src/cli/netcheck-text.ts";
import { netcheckOf } from "../../../src/resources/index.ts";
import { peer, status } from "../cli/status-values.ts";
import { memberOf } from "../members/member.ts";
import { address, affiliate, endpoint } from "../mesh/values.ts";

const stun = { observer: "192.0.2.9:3478", by: "server" } as const;
const answer = { ...stun, endpoint: endpoint("198.51.100.1:41821"), ageSeconds: 1 };
const silence = { ...stun, problem: "the STUN server 192.0.2.9:3478 did not answer" };
const both = ["198.51.100.1", "2001:db8::1"].map(address);

/** What is found on a node with these addresses, observers and peers. */
function found(
  usable: readonly string[],
  node: Partial<NodeStatus> = {},
  peers: readonly PeerReport[] = [],
): Netcheck {
  const known = status({ peers });
  const members = new Map(
    peers.map(({ nodeId }, at) => {
      const claim = affiliate(2);
      const relays = { number: 1, startedAt: 1, machine: "", otherNetworks: [], relays: true as const };
      return [nodeId, memberOf(at === 0 ? { ...claim, membership: relays } : claim)];
    }),
  );
  const pass = { kernel: { addresses: { usable: usable.map(address), leftOut: [] } } };
  const seen = { status: { ...known, node: { ...known.node, ...node } }, members, pass: pass as never };
  return netcheckOf(seen, [
    { name: "one", location: "https://one.example", phase: "connected", connectMs: 4.2 },
  ]);
}

describe("UDP", () => {
  test.each<readonly [string, string, readonly string[], Partial<NodeStatus>, readonly PeerReport[]]>([
    ["works", "unknown", both, { observers: [answer] }, []],
    ["works", "unknown", both, {}, [peer(2)]],
    ["unknown", "works", both, {}, [peer(3)]],
    ["blocked", "blocked", both, { observers: [silence] }, []],
    ["blocked", "unknown", ["198.51.100.1"], { observers: [silence] }, []],
    ["unknown", "unknown", both, {}, []],
    ["unknown", "unknown", both, {}, [peer(2, { suspected: true })]],
    [
      "blocked",
      "unknown",
      both,
      {},
      [
        peer(2, {
          state: "down",
          asked: 3,
          candidates: [{ endpoint: endpoint("192.0.2.2:51820"), kind: "public-ipv4", reason: "" }],
        }),
      ],
    ],
    ["unknown", "unknown", both, {}, [peer(2, { way: { kind: "carried", via: "https://one.example" } })]],
  ])("%s over IPv4 and %s over IPv6: %j %j", (ipv4, ipv6, usable, node, peers) => {
    const { ipv4: one, ipv6: other } = found(usable, node, peers);
    expect([one.udp, other.udp]).toEqual([ipv4, ipv6]);
  });
});

test("the endpoints, the kind of NAT and the addresses are told by family, and the members that relay", () => {
  const near = peer(2, { roundTrips: { [endpoint("203.0.113.2:51820")]: 7.25 } });
  const all = found(
    both,
    { observers: [answer, { ...answer, observer: "b", by: "member" }], nat: { ipv4: "port-keeping" } },
    [near, peer(3)],
  );
  expect(all.ipv4).toEqual({
    addresses: ["198.51.100.1"],
    udp: "works",
    nat: "port-keeping",
    seenAt: ["198.51.100.1:41821"],
  });
  expect(all.ipv6).toEqual({ addresses: ["2001:db8::1"], udp: "works", seenAt: [] });
  expect(all.relays).toEqual([{ label: near.label, state: "up", roundTripMs: 7.25 }]);
});

test("the text fits a terminal, and says what to do", () => {
  const all = found(["198.51.100.1"], { observers: [silence], nat: { ipv4: "symmetric" } }, [peer(2)]);
  const blocked = found(["198.51.100.1"], { observers: [silence] });
  const text = netcheckText(all) + netcheckText(blocked);
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(text).toContain("IPv6:       no address");
  expect(text).toContain("another port for each destination");
  expect(text.replace(/\s+/g, " ")).toContain("no UDP packet comes back: let UDP out of this node");
  expect(text).toMatch(/^one +connected +4\.2 ms +https:\/\/one\.example/m);
});
