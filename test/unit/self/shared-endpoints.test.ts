import { describe, expect, it } from "vitest";
import type { PeerSpec } from "../../../src/peers/index.ts";
import { sharedEndpointWarnings } from "../../../src/self/shared-endpoints.ts";
import { address, affiliate, endpoint, peerSpec } from "../mesh/values.ts";

const peer = (number: number, ...candidates: string[]): PeerSpec =>
  peerSpec(number, candidates.map(endpoint));
const own = affiliate(
  1,
  { endpoints: ["192.168.1.21:51820", "203.0.113.2:51820"].map(endpoint) },
  { addresses: [address("192.168.1.21")] },
);

describe("sharedEndpointWarnings", () => {
  it.each([
    ["behind the same NAT with the same port", ["192.168.1.22:51820", "203.0.113.2:51820"], true],
    ["behind the same NAT with another port", ["192.168.1.22:51821", "203.0.113.2:51821"], false],
    ["elsewhere with the same port", ["203.0.113.9:51820"], false],
    ["elsewhere with the same private address", ["192.168.1.21:51820", "203.0.113.1:51820"], false],
  ])("a node %s", (_, candidates, warns) => {
    const warnings = sharedEndpointWarnings(own, [peer(2, ...candidates)]);
    expect(warnings.map(({ who }) => who)).toEqual(warns ? ["node node-2"] : []);
    if (warns) expect(warnings[0]?.what).toContain("203.0.113.2:51820");
  });
});
