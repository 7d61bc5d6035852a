import { expect, test } from "vitest";
import { reachWarnings } from "../../../src/mesh/reach.ts";
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
