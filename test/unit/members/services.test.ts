import { expect, test } from "vitest";
import type { Config } from "../../../src/config/index.ts";
import { decodeAffiliate, encodeAffiliate } from "../../../src/discovery/index.ts";
import { isTold, type Member, servicesTold } from "../../../src/members/index.ts";
import type { Known } from "../../../src/members/member.ts";
import { affiliateNamed } from "../discovery/samples.ts";
import { memberOf, membersOf } from "./member.ts";

const authority = "/etc/kubespan/discovery-ca.pem";

const now = 1_000_000;
/** More for a member that is connected. */
const connected: Partial<Known> = { connectedAt: now - 1_000 };

/** A member with a key of its own, or with the same as another one. */
function member(name: string, discoveryService: string | undefined, more: Partial<Known> = {}, keyOf = name) {
  const { kubespan, ...named } = affiliateNamed(name);
  const key = Buffer.alloc(32, keyOf).toString("base64");
  const affiliate = {
    ...named,
    ...(kubespan && { kubespan: { ...kubespan, publicKey: key } }),
    ...(discoveryService !== undefined && { discoveryService }),
  };
  return memberOf(affiliate, 1_000, more);
}

/** The hosts of the services that are asked. */
const hostsOf = (...members: readonly Member[]): string[] =>
  servicesTold(membersOf(...members), settings, now).services.map(({ host }) => host);

const settings: Pick<Config, "services" | "discovery"> = {
  services: [{ name: "named", host: "192.0.2.10", port: 3000, tls: true, caFile: authority }],
  discovery: { authority, announce: { host: "192.0.2.9", port: 3000, tls: true } },
};

test("the services are those that members tell of and the configuration does not, in one order", () => {
  const members = membersOf(
    member("c", "https://192.0.2.12:3000/"),
    member("own", "https://192.0.2.9:3000/"),
    member("a", "https://192.0.2.10:3000/"),
    { ...member("b", "https://192.0.2.11:3000/"), standing: "absent" as const, since: 1, why: "" },
    member("d", undefined),
  );
  const told = servicesTold(members, settings, now).services;
  expect(told).toEqual([
    { name: "192.0.2.11:3000 (told)", host: "192.0.2.11", port: 3000, tls: true, caFile: authority },
    { name: "192.0.2.12:3000 (told)", host: "192.0.2.12", port: 3000, tls: true, caFile: authority },
  ]);
  expect(told.every(isTold)).toBe(true);
  expect(isTold({ name: "named" })).toBe(false);
  expect(servicesTold(members, { services: settings.services }, now)).toEqual({ services: [], leftOut: [] });
});

test("who left, and who only Kubernetes knows, tells of none; and there are eight at most", () => {
  const { sealed: unsealed, ...inClear } = member("a", "https://192.0.2.11:3000/");
  const gone = {
    ...member("b", "https://192.0.2.12:3000/"),
    standing: "released" as const,
    since: 1,
    why: "",
    until: "named" as const,
  };
  expect(hostsOf({ ...inClear, ...(unsealed && { unsealed }) }, gone)).toEqual([]);
  const many = Array.from("abcdefghijkl", (name, index) => member(name, `https://198.51.100.${index}:3000/`));
  expect(hostsOf(...many)).toHaveLength(8);
});

test("members that were made up, and are not connected, take nobody's place", () => {
  const made = Array.from("abcdefghijkl", (name, index) => member(name, `https://192.0.2.${100 + index}:1/`));
  const honest = member("z", "https://198.51.100.7:3000/", connected);
  expect(hostsOf(...made, honest)).toContain("198.51.100.7");
});

test("a key tells of one service: that of the member that had it first", () => {
  const honest = member("z", "https://198.51.100.7:3000/", connected);
  const later = {
    ...connected,
    claimedSince: new Map([...honest.claimedSince.keys()].map((each) => [each, 2_000])),
  };
  const copies = Array.from("abcdefghijkl", (name, index) =>
    member(name, `https://192.0.2.${100 + index}:1/`, later, "z"),
  );
  expect(hostsOf(...copies, honest)).toEqual(["198.51.100.7"]);
});

test("two services of one host are asked at most, and what is left out is told with the reason", () => {
  const ports = Array.from("abcdefghijkl", (name, index) =>
    member(name, `https://192.0.2.100:${index + 1}/`),
  );
  const honest = member("z", "https://198.51.100.7:3000/");
  expect(hostsOf(...ports, honest)).toEqual(["192.0.2.100", "192.0.2.100", "198.51.100.7"]);
  expect(servicesTold(membersOf(...ports), settings, now).leftOut).toContainEqual({
    value: "192.0.2.100:12",
    reason: "2 services of one host are asked at most",
  });
});

test.each([
  ["127.0.0.1", "a loopback address"],
  ["[::1]", "a loopback address"],
  ["localhost", "a name of this machine"],
  ["a.localhost", "a name of this machine"],
  ["169.254.169.254", "link-local"],
  ["[fe80::1]", "link-local"],
  ["0.0.0.0", "unspecified"],
  ["[::]", "unspecified"],
  ["224.0.0.1", "multicast"],
  ["[ff02::1]", "multicast"],
])("no service at %s is asked: it is %s", (host, kind) => {
  expect(servicesTold(membersOf(member("a", `https://${host}:3000/`)), settings, now)).toEqual({
    services: [],
    leftOut: [{ value: `${host}:3000`, reason: `no other node can be there: it is ${kind}` }],
  });
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
