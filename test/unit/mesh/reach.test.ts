import { expect, test } from "vitest";
import { cutOffWarnings, reachWarnings } from "../../../src/mesh/reach.ts";
import { address, prefix } from "./values.ts";

const registry = {
  name: "ours",
  location: "https://ours",
  phase: "connected",
  affiliates: 0,
  refused: [],
} as const;
const peer = (label: string, ...networks: string[]) => ({ label, allowedIPs: networks.map(prefix) });

test.each<[string, string | undefined, ReturnType<typeof peer>[], string[]]>([
  ["was not reached yet", undefined, [peer("wide", "0.0.0.0/1")], []],
  ["is in nobody's network", "198.51.100.9", [peer("b", "10.244.2.0/24")], []],
  ["runs on a member", "198.51.100.9", [peer("b", "198.51.100.9/32")], []],
  [
    "is in a member's network, and on another one",
    "198.51.100.9",
    [peer("wide", "10.0.0.0/8", "198.51.100.0/24"), peer("b", "198.51.100.9/32")],
    ["peer wide has 198.51.100.0/24 "],
  ],
  [
    "is in a member's network of IPv6",
    "2001:db8::9",
    [peer("wide", "2001:db8::/64")],
    ["peer wide has 2001:db8::/64 "],
  ],
])("a discovery service that %s", (_where, at, peers, expected) => {
  const state = { ...registry, ...(at !== undefined && { reachedAt: address(at) }) };
  const warnings = reachWarnings([state], peers).map(({ who, what }) => `${who} ${what}`);
  expect(warnings).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(warnings[index]).toContain(text);
});

const service = { name: "ours", host: "198.51.100.9", port: 3000, tls: false };
const away = { ...registry, phase: "connecting", error: "did not answer in time" } as const;

test.each<[string, Parameters<typeof cutOffWarnings>[1][number], string, number]>([
  ["that was reached there", { ...away, reachedAt: address("198.51.100.9") }, "ours.example", 1],
  ["that is configured by that address, and was never reached", away, "198.51.100.9", 1],
  ["that is elsewhere", { ...away, reachedAt: address("203.0.113.9") }, "198.51.100.9", 0],
  ["of which only the name is known", away, "ours.example", 0],
  ["that answers all the same", { ...registry, reachedAt: address("198.51.100.9") }, "198.51.100.9", 0],
])("a discovery service behind a lost peer %s", (_which, state, host, count) => {
  const lost = [peer("b", "198.51.100.9/32"), peer("c", "198.51.100.10/32")];
  const warnings = cutOffWarnings(lost, [state], [{ ...service, host }]);
  expect(warnings).toHaveLength(count);
  for (const { who, what } of warnings) {
    expect(who).toBe("discovery service ours");
    expect(what).toContain("198.51.100.9 is reached through peer b, which is not up");
  }
});
