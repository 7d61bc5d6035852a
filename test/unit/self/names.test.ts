import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeAffiliate } from "../../../src/discovery/decode.ts";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { ownAffiliate } from "../../../src/self/index.ts";
import { idOf, sample } from "../discovery/samples.ts";
import { config, self } from "../mesh/values.ts";

const latin1 = Buffer.from("caf\xe9", "latin1").toString(); // as Node reads the name of the host

test.each([
  [latin1, "caf?"],
  ["zero\u200bwidth", "zero?width"],
  ["\u001b[31mred", "?[31mred"],
  ["x".repeat(300), "x".repeat(253)],
  ["plain-1.example.org", "plain-1.example.org"],
  ["günther", "günther"],
])("a machine called %j is announced as %s, and status says so", (hostname, expected) => {
  const { affiliate, leftOut } = ownAffiliate({ ...self, hostname }, config(), [], []);
  expect(affiliate).toMatchObject({ hostname: expected, nodeName: expected });
  expect(leftOut.map(({ value }) => value)).toEqual(expected === hostname ? [] : [`host name "${expected}"`]);
});

const me = { ...self, nodeId: idOf("me"), publicKey: sample.kubespan?.publicKey ?? "" };

test("whatever a machine and its system are called, the other nodes accept it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (hostname, operatingSystem) => {
      const { affiliate } = ownAffiliate({ ...me, hostname, operatingSystem }, config(), [], []);
      expect(decodeAffiliate(encodeAffiliate(affiliate), [])).toMatchObject({ dropped: [] });
    }),
  );
});
