import fc from "fast-check";
import { expect, test } from "vitest";
import { prefixesTouch, unite } from "../../../src/net/index.ts";
import { ownersIn } from "../../../src/resources/owners.ts";
import { anyPrefix } from "../net/arbitraries.ts";

test("the owners of a target are the peers with a network in it or around it", () => {
  fc.assert(
    fc.property(fc.array(anyPrefix, { maxLength: 12 }), (prefixes) => {
      const peers = [...new Set(prefixes)].map((each, at) => ({ label: `n${at}`, allowedIPs: [each] }));
      const owners = ownersIn(peers);
      for (const target of unite(prefixes)) {
        const expected = peers.filter(({ allowedIPs: [own] }) => own && prefixesTouch(own, target));
        expect(owners(target).toSorted()).toEqual(expected.map(({ label }) => label).toSorted());
      }
    }),
  );
});
