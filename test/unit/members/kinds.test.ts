import { expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { memberNetworks } from "../../../src/members/index.ts";
import { address, affiliate, peerSpec, prefix } from "../mesh/values.ts";

const networks = ["10.244.7.0/24", "192.168.0.0/16", "203.0.113.9/32"].map(prefix);
const own = ["203.0.113.7", "2001:db8::7"].map(address);
const member = (more: Partial<Affiliate> = {}): Affiliate =>
  affiliate(7, { additionalAddresses: networks }, { addresses: own, ...more });
const spec = peerSpec(7, [], {
  nodeId: member().nodeId,
  allowedIPs: [
    ...networks,
    ...own.map((text) => prefix(`${text}/${text.includes(":") ? 128 : 32}`)),
    prefix("fd00:0:0:2::7/128"),
  ],
});
const membership = { number: 1, startedAt: 1, machine: "", otherNetworks: [prefix("192.168.0.0/16")] };

test.each<[string, Affiliate | undefined, string[], string[]]>([
  [
    "says nothing of its networks (Talos, 22 November)",
    member(),
    [],
    ["10.244.7.0/24", "192.168.0.0/16", "203.0.113.9/32"],
  ],
  ["says which are none", member({ membership }), [], ["10.244.7.0/24", "203.0.113.9/32"]],
  [
    "says nothing, and the configuration does",
    member(),
    ["203.0.113.0/24"],
    ["10.244.7.0/24", "192.168.0.0/16"],
  ],
  [
    "says so, and the configuration takes a part of another",
    member({ membership }),
    ["10.244.7.128/25"],
    ["10.244.7.0/25", "203.0.113.9/32"],
  ],
])("of a peer that %s, these are pods'", (_name, one, others, pods) => {
  const kinds = memberNetworks([spec], one ? [one] : [], others.map(prefix)).get(spec.nodeId);
  expect(kinds?.pods).toEqual(pods);
  expect([...(kinds?.listed ?? [])].toSorted()).toEqual(
    ["2001:db8::7/128", "203.0.113.7/32", "203.0.113.9/32", "fd00:0:0:2::7/128"].toSorted(),
  );
});
