import { expect } from "vitest";
import { noDialRules } from "../../../src/config/index.ts";
import type { OwnSide, PeerSpecs } from "../../../src/members/index.ts";
import { hostPrefix, prefixWithin } from "../../../src/net/index.ts";
import { address, key, prefix } from "../mesh/values.ts";

/** A node for others to claim things beside. */
export const own: OwnSide = {
  nodeId: "self",
  publicKey: key(0),
  address: address("fd00:0:0:2::1"),
  addresses: [address("192.0.2.1"), address("2001:db8::1")],
  advertisedPrefixes: [prefix("10.244.0.0/24")],
  clusterPrefix: prefix("fd00:0:0:2::/64"),
  widestPrefix: { ipv4: 8, ipv6: 16 },
  dial: noDialRules,
  networks: [],
  otherNetworks: [],
  localNetworks: [],
  lastWorking: new Map(),
};

export const specOf = (specs: PeerSpecs, label: string): PeerSpecs["peers"][number] =>
  specs.peers.find((peer) => peer.label === label) ?? expect.fail(`${label} is no peer`);

/** Whether that peer gets what is sent there. */
export const owns = (specs: PeerSpecs, label: string, text: string): boolean =>
  specOf(specs, label).allowedIPs.some((each) => prefixWithin(hostPrefix(address(text)), each));
