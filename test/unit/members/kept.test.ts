import { expect, test } from "vitest";
import { keepsAll } from "../../../src/members/kept.ts";
import { address, affiliate, key, prefix } from "../mesh/values.ts";
import { memberOf, membersOf } from "./member.ts";

const [one, two] = [memberOf(affiliate(1)), memberOf(affiliate(2))];
const both = membersOf(one, two);
const withPods = memberOf(affiliate(2, { additionalAddresses: [prefix("10.244.2.0/24")] }));
const letGo = (member: typeof one) =>
  ({ ...member, standing: "released", since: 0, why: "", until: "named" }) as const;

test.each([
  ["another member", membersOf(one), both],
  ["a member that was let go", membersOf(one, letGo(two)), both],
  [
    "another address",
    both,
    membersOf(one, memberOf(affiliate(2, {}, { addresses: [address("203.0.113.77")] }))),
  ],
  ["another network", both, membersOf(one, withPods)],
  ["another key", both, membersOf(one, memberOf(affiliate(2, { publicKey: key(3) })))],
])("%s is not kept yet", (_, kept, now) => {
  expect(keepsAll(kept, now)).toBe(false);
});

test.each([
  ["the same members", both, both],
  [
    "equal ones that were read from the file",
    both,
    membersOf(memberOf(affiliate(1)), memberOf(affiliate(2))),
  ],
  ["fewer members", both, membersOf(one)],
  ["a member that was let go since", both, membersOf(one, letGo(two))],
  ["fewer networks", membersOf(one, withPods), both],
  [
    "handshakes and absences",
    both,
    membersOf(one, { ...two, standing: "absent", since: 1, why: "", connectedAt: 9 }),
  ],
  ["nobody", new Map(), new Map()],
])("%s need no write", (_, kept, now) => {
  expect(keepsAll(kept, now)).toBe(true);
});
