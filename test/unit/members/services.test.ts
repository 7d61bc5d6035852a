import { expect, test } from "vitest";
import type { Config } from "../../../src/config/index.ts";
import { decodeAffiliate, encodeAffiliate } from "../../../src/discovery/index.ts";
import { isTold, type Member, servicesTold } from "../../../src/members/index.ts";
import { affiliateNamed } from "../discovery/samples.ts";

const authority = "/etc/kubespan/discovery-ca.pem";

const member = (name: string, discoveryService: string | undefined, more: Partial<Member> = {}): Member => {
  const affiliate = { ...affiliateNamed(name), ...(discoveryService !== undefined && { discoveryService }) };
  return {
    nodeId: affiliate.nodeId,
    claim: affiliate,
    sealed: affiliate,
    standing: "present",
    ...more,
  } as Member;
};

const membersOf = (...members: readonly Member[]) => new Map(members.map((each) => [each.nodeId, each]));

const settings: Pick<Config, "services" | "discovery"> = {
  services: [{ name: "named", host: "192.0.2.10", port: 3000, tls: true, caFile: authority }],
  discovery: { authority, announce: { host: "192.0.2.9", port: 3000, tls: true } },
};

test("the services are those that members tell of and the configuration does not, in one order", () => {
  const members = membersOf(
    member("c", "https://192.0.2.12:3000/"),
    member("own", "https://192.0.2.9:3000/"),
    member("a", "https://192.0.2.10:3000/"),
    member("b", "https://192.0.2.11:3000/", { standing: "absent" }),
    member("d", undefined),
  );
  const told = servicesTold(members, settings);
  expect(told).toEqual([
    { name: "192.0.2.11:3000 (told)", host: "192.0.2.11", port: 3000, tls: true, caFile: authority },
    { name: "192.0.2.12:3000 (told)", host: "192.0.2.12", port: 3000, tls: true, caFile: authority },
  ]);
  expect(told.every(isTold)).toBe(true);
  expect(isTold({ name: "named" })).toBe(false);
  expect(servicesTold(members, { services: settings.services })).toEqual([]);
});

test("who left, and who only Kubernetes knows, tells of none; and there are eight at most", () => {
  const { sealed: unsealed, ...inClear } = member("a", "https://192.0.2.11:3000/");
  const gone = member("b", "https://192.0.2.12:3000/", { standing: "released" });
  expect(servicesTold(membersOf({ ...inClear, unsealed } as Member, gone), settings)).toEqual([]);
  const many = Array.from("abcdefghijkl", (name, index) => member(name, `https://198.51.100.${index}:3000/`));
  expect(servicesTold(membersOf(...many), settings)).toHaveLength(8);
});

test.each([
  ["https://192.0.2.10:3000/", "https://192.0.2.10:3000/"],
  ["https://discovery.example.org", "https://discovery.example.org:443/"],
  ["http://192.0.2.10:3000/", undefined],
  ["ftp://192.0.2.10/", undefined],
  [`https://${"a".repeat(300)}/`, undefined],
])("a node that tells of the service %s is taken to say %s", (said, expected) => {
  const result = decodeAffiliate(encodeAffiliate({ ...affiliateNamed("a"), discoveryService: said }), []);
  if (!("affiliate" in result)) throw new Error(result.refused);
  expect(result.affiliate.discoveryService).toBe(expected);
  expect(result.dropped).toHaveLength(expected === undefined ? 1 : 0);
});
