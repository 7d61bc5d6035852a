import { expect, it } from "vitest";
import { isProvenBy, outsideOf, parseEndpoints } from "../../../src/relay/index.ts";
import { endpoint, key, prefix } from "../mesh/values.ts";

const listing = JSON.stringify({
  nftables: [
    { metainfo: { version: "1.0.6" } },
    {
      set: {
        name: "unasked",
        elem: [{ elem: { val: { concat: ["203.0.113.1", 4242] }, expires: 500 } }],
      },
    },
  ],
});

const neighbour = (text: string) => [{ publicKey: key(1), endpoint: endpoint(text) }];

it("reads who came unasked, and nothing from anything else", () => {
  expect(parseEndpoints(listing)).toEqual(["203.0.113.1:4242"]);
  for (const text of ["", "{}", "no", '{"nftables":[{"set":{}}]}']) expect(parseEndpoints(text)).toEqual([]);
});

it("reads members, whose elements do not end", () => {
  const members = { set: { name: "members", elem: [{ concat: ["2001:db8::1", 51820] }] } };
  expect(parseEndpoints(JSON.stringify({ nftables: [members] }))).toEqual(["[2001:db8::1]:51820"]);
});

it("is proof only if a member is connected there", () => {
  const unasked = parseEndpoints(listing);
  expect(isProvenBy(unasked, neighbour("203.0.113.1:4242"))).toBe(true);
  expect(isProvenBy(unasked, neighbour("203.0.113.1:4243"))).toBe(false);
  expect(isProvenBy(unasked, [])).toBe(false);
});

it("is no proof if it came from a private address in a network of this node", () => {
  const inside = [{ publicKey: key(1), endpoint: endpoint("192.168.1.7:51820") }];
  expect(outsideOf(inside, [prefix("192.168.1.0/24")])).toEqual([]);
  expect(outsideOf(inside, [prefix("10.0.0.0/8")])).toEqual(inside);
  const around = [{ publicKey: key(1), endpoint: endpoint("203.0.113.7:51820") }];
  expect(outsideOf(around, [prefix("203.0.113.0/24")])).toEqual(around);
});
