import { expect, test } from "vitest";
import { type PeerReport, peersNamed, wayTo } from "../../../src/api/index.ts";
import { pongOf, pongText } from "../../../src/cli/ping-text.ts";

const peer = {
  nodeId: "n1",
  label: "b",
  publicKey: "key",
  address: "fd00::2",
  allowedIPs: ["192.0.2.2/32", "10.244.0.0/24"],
  state: "up",
  endpoint: "203.0.113.2:51820",
} as unknown as PeerReport;

const printed = `PING fd00::2(fd00::2) 56 data bytes
64 bytes from fd00::2: icmp_seq=1 ttl=64 time=0.841 ms

--- fd00::2 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
`;

test("an answer is told with its round trip and the way", () => {
  expect(pongText(pongOf(printed, peer), 1)).toBe(
    "64 bytes from b (fd00::2), ping 1: 0.841 ms, direct at 203.0.113.2:51820\n",
  );
});

test("no answer is told with what is known of the peer", () => {
  const down = { ...peer, state: "down" as const, trouble: "nothing answers at 203.0.113.2:51820" };
  expect(pongText(pongOf("1 packets transmitted, 0 received", down), 3)).toBe(
    "no answer from b (fd00::2), ping 3: nothing answers at 203.0.113.2:51820\n",
  );
});

test.each([
  [
    { state: "up", endpoint: "203.0.113.2:1" },
    { kind: "direct", endpoint: "203.0.113.2:1" },
  ],
  [
    { state: "up", endpoint: "203.0.113.2:1", way: { kind: "mapped" } },
    { kind: "mapped", endpoint: "203.0.113.2:1" },
  ],
  [
    { state: "up", endpoint: "192.0.2.10:1", way: { kind: "relayed", via: "first" } },
    { kind: "relayed", via: "first" },
  ],
  [
    { state: "up", endpoint: "127.0.0.1:1", way: { kind: "carried", via: "https://d/" } },
    { kind: "carried", via: "https://d/" },
  ],
  [{ state: "up" }, { kind: "none", why: "the peer has no endpoint" }],
  [{ state: "unknown" }, { kind: "none", why: "the peer is unknown" }],
  [
    { state: "up", endpoint: "203.0.113.2:1", suspected: true },
    { kind: "none", why: "an answer from 203.0.113.2:1 is due" },
  ],
])("the way to a peer that is %j is %j", (state, way) => {
  expect(wayTo(state as Parameters<typeof wayTo>[0])).toEqual(way);
});

test.each([
  ["b", 1],
  ["n1", 1],
  ["key", 1],
  ["fd00::2", 1],
  ["192.0.2.2", 1],
  ["10.244.0.0", 0],
  ["", 0],
])("%s names %d peers", (name, count) => {
  expect(peersNamed([peer], name)).toHaveLength(count);
});
