import { expect, test } from "vitest";
import { toldByLedger } from "../../../src/members/remembered.ts";
import { affiliate, prefix } from "../mesh/values.ts";
import { memberOf, membersOf } from "./member.ts";

const [present, absent, released] = [memberOf(affiliate(1)), memberOf(affiliate(2)), memberOf(affiliate(3))];
const members = membersOf(
  present,
  { ...absent, standing: "absent", since: 0, why: "" },
  { ...released, standing: "released", since: 0, why: "", until: "named" },
);
const podNetwork = prefix("10.244.1.0/24");

test("the ledger tells of the members that no registry has named, but not of those that were let go", () => {
  const told = toldByLedger(members, new Set(), []);
  expect(told?.affiliates).toEqual([affiliate(1), affiliate(2)]);
  expect(toldByLedger(members, new Set([affiliate(1).nodeId]), [])?.affiliates).toEqual([affiliate(2)]);
});

test("it tells the pod networks that no registry has told, also when all members are named", () => {
  const named = new Set(members.keys());
  expect(toldByLedger(members, named, [podNetwork])).toMatchObject({
    affiliates: [],
    podNetworks: [podNetwork],
  });
});

test("it tells nothing when it stands in for nobody", () => {
  expect(toldByLedger(members, new Set(members.keys()), [])).toBeUndefined();
  expect(toldByLedger(new Map(), new Set(), [])).toBeUndefined();
});
