import { expect, test } from "vitest";
import type { Address, Endpoint } from "../../../src/net/index.ts";
import { believePortMapping } from "../../../src/self/port-mapped.ts";

const external = "203.0.113.1:51820" as Endpoint;
const at = (...addresses: readonly string[]): Address[] => addresses as Address[];

test.each([
  ["nobody sees this node", at()],
  ["others see it over IPv6 alone", at("2001:db8::1")],
  ["others see it there", at("198.51.100.1", "203.0.113.1")],
])("what the router mapped is announced where %s", (_, seenAt) => {
  expect(believePortMapping(external, seenAt)).toEqual({ endpoints: [external], leftOut: [] });
});

test("an address at which nobody sees this node is not announced, and that is told", () => {
  const { endpoints, leftOut } = believePortMapping(external, at("198.51.100.1"));
  expect(endpoints).toEqual([]);
  expect(leftOut).toEqual([
    { value: `endpoint ${external}`, reason: expect.stringContaining("see this node at 198.51.100.1") },
  ]);
  expect(believePortMapping(undefined, at("198.51.100.1"))).toEqual({ endpoints: [], leftOut: [] });
});
