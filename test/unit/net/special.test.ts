import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  intersect,
  type Prefix,
  parsePrefix,
  specialIn,
  subtract,
  unite,
  unreachableNetwork,
  withoutSpecial,
} from "../../../src/net/index.ts";
import { anyPrefix } from "./arbitraries.ts";

const prefix = (text: string): Prefix => parsePrefix(text) ?? expect.fail(`not a prefix: ${text}`);

test.each<[string, string | undefined]>([
  ["10.0.0.0/8", undefined],
  ["0.0.0.0/0", undefined],
  ["::/0", undefined],
  ["169.254.0.0/16", "link-local"],
  ["169.252.0.0/14", "partly link-local (169.254.0.0/16)"],
  ["169.0.0.0/8", "partly link-local (169.254.0.0/16)"],
  ["fe00::/16", "reserved"],
  ["fec0::/16", "site-local"],
  ["::a9fe:a9fe/128", "reserved"],
  ["64:ff9b::/96", "an address for IPv4 hosts"],
  ["100.64.0.0/10", undefined],
  ["168.63.129.16/32", "an address of the cloud's own services"],
  ["fd00::/16", undefined],
])("the network %s: %s", (text, kind) => {
  expect(unreachableNetwork(prefix(text))).toBe(kind);
});

test("what is taken out of any networks is what is special in each of them, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(anyPrefix, { maxLength: 6 }), (networks) => {
      const special = networks.flatMap((network) => specialIn(network).map((each) => each.prefix));
      const left = withoutSpecial(networks);
      expect(unite(left)).toEqual(subtract(networks, special));
      expect(withoutSpecial(left)).toBe(left);
      expect(intersect(left, [prefix("169.254.0.0/16"), prefix("fe80::/10"), prefix("ff00::/8")])).toEqual(
        [],
      );
    }),
  );
});
