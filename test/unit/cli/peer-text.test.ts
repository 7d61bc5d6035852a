import { expect, test } from "vitest";
import { peerNamed } from "../../../src/cli/peer-named.ts";
import { peerText } from "../../../src/cli/peer-text.ts";
import { endpoint } from "../mesh/values.ts";
import { peer, status } from "./status-values.ts";

const third = peer(3, {
  label: "third",
  nodeId: "abcdef3",
  state: "down",
  trouble: "nothing came back for 25s of traffic, last at 203.0.113.7:51820; 12 handshakes unanswered",
  machine: {
    hostname: "third.example.org",
    machineType: "controlplane",
    operatingSystem: "Talos (v1.13.0)",
    apiServerPort: 6443,
  },
  absent: { seconds: 300, why: "no registry names it" },
  asked: 12,
  candidates: [
    { endpoint: endpoint("203.0.113.7:51820"), kind: "public-ipv4", reason: "a public IPv4 address" },
    { endpoint: endpoint("[2001:db8::7]:51820"), kind: "public-ipv6", reason: "a public IPv6 address" },
  ],
  roundTrips: { [endpoint("203.0.113.7:51820")]: 13.979809999999816 },
});
const others = [peer(1, { nodeId: "abcdee1" }), peer(2, { nodeId: "xyz2" })];
const given = status({
  peers: [...others, third],
  warnings: [
    { who: "peer third", what: "goes back and forth" },
    { who: "peer other", what: "is not of interest" },
  ],
});

test.each([["third"], ["third.example.org"], ["abcdef3"], ["abcdef"], [third.address], [third.publicKey]])(
  "a peer goes by %s",
  (name) => {
    expect(peerNamed(given, name)).toBe(third);
  },
);

test.each([
  ["nobody", "no peer goes by nobody", /kubespan status/],
  ["", "no peer goes by ", /kubespan status/],
  ["abcde", "more than one peer goes by abcde", /abcdee1, abcdef3/],
])("%j names no one peer", (name, message, hint) => {
  const error = expect.objectContaining({
    code: "usage",
    message,
    hint: expect.stringMatching(hint) as string,
  });
  expect(() => peerNamed(given, name)).toThrow(error as Error);
});

test("one peer is shown in full, within 80 columns", () => {
  const text = peerText(given, third);
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  for (const part of [
    /^peer: +third \(abcdef3\)$/m,
    /^state: +down, for 1m51s$/m,
    /^trouble: +nothing came back for 25s/m,
    /^absent: +for 5m0s: no registry names it$/m,
    /^machine: +third\.example\.org, controlplane, Talos \(v1\.13\.0\), API server at port\n +6443$/m,
    /^asked: +12 handshakes, 0 answered$/m,
    /^203\.0\.113\.7:51820 +public-ipv4 +14\.0 ms +a public IPv4 address$/m,
    /^\[2001:db8::7\]:51820 +public-ipv6 +- /m,
    /^peer third +goes back and forth$/m,
    /^10\.0\.0\.1:51820 +it is an address of this node$/m,
  ])
    expect(text).toMatch(part);
  expect(text).not.toContain("of interest");
});
