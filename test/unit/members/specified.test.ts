import { describe, expect, expectTypeOf, it } from "vitest";
import { revised, type SameFields } from "../../../src/base/revised.ts";
import { noDialRules } from "../../../src/config/index.ts";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { type OwnSide, type Specified, specify } from "../../../src/members/index.ts";
import { sameOwnSide } from "../../../src/members/specified.ts";
import { address, endpoint, key, affiliate as peer, prefix } from "../mesh/values.ts";
import { claimsOf } from "./claims-of.ts";
import { own as plain } from "./own.ts";

const own: OwnSide = { ...plain, yielded: new Map(), registries: [] };
const specified = (affiliates: readonly Affiliate[], side: OwnSide, before?: Specified): Specified =>
  specify(claimsOf(affiliates), side, new Map(), before);

const affiliates = [
  peer(2, {
    additionalAddresses: [prefix("10.244.0.0/16"), prefix("10.96.0.1/32")],
    endpoints: [endpoint("198.51.100.2:51820"), endpoint("198.51.100.2:1")],
  }),
  peer(3),
];
const before = specified(affiliates, own);

/** Another value of each field; the compiler asks for one of a field that is added. */
const others: { readonly [Field in keyof Required<OwnSide>]: OwnSide[Field] } = {
  nodeId: "other",
  publicKey: key(3),
  address: address("fd00:0:0:2::9"),
  addresses: [address("192.0.2.1")],
  advertisedPrefixes: [prefix("10.244.2.0/25")],
  clusterPrefix: prefix("fd00:0:0:3::/64"),
  widestPrefix: { ipv4: 24, ipv6: 16 },
  registries: [address("10.96.0.1")],
  dial: { ...noDialRules, forbid: [prefix("198.51.100.0/24")] },
  networks: [prefix("198.51.100.0/24")],
  otherNetworks: [prefix("10.244.0.0/16")],
  localNetworks: [prefix("10.96.0.1/32")],
  yielded: new Map([["id003", [address("198.51.100.3")]]]),
  lastWorking: new Map([[key(3), endpoint("198.51.100.7:1")]]),
};

const asked = (found: Specified) => ["id002", "id003"].map((id) => found.asked.get(id));

describe("specs made from the same as before", () => {
  it("are the same object, whatever object says it, and in whatever order", () => {
    const copy = { ...structuredClone({ ...own, lastWorking: undefined }), lastWorking: own.lastWorking };
    expect(specified([...affiliates], copy, before)).toBe(before);
    expect(specified(affiliates.toReversed(), { ...own }, before)).toBe(before);
  });

  it.each(Object.keys(others) as (keyof OwnSide)[])("but not with another %s", (field) => {
    const side = { ...own, [field]: others[field] };
    const after = specified(affiliates, side, before);
    expect(after.source.own.revision).toBe(before.source.own.revision + 1);
    const anew = specified(affiliates, side);
    expect([after.specs, after.kinds]).toEqual([anew.specs, anew.kinds]);
  });

  it.each<[string, readonly Affiliate[], Partial<OwnSide>]>([
    ["another affiliate", [peer(2), peer(3)], {}],
    ["one affiliate less", affiliates.slice(1), {}],
    ["one more", [...affiliates, peer(4)], {}],
    ["another network of this node", affiliates, { advertisedPrefixes: [prefix("10.244.2.0/25")] }],
    [
      "where a peer was last connected",
      affiliates,
      { lastWorking: new Map([[key(2), endpoint("198.51.100.7:1")]]) },
    ],
    ["networks that are no pods'", affiliates, { otherNetworks: [prefix("10.244.0.0/16")] }],
  ])("but not with %s", (_, list, changes) => {
    const side = { ...own, ...changes };
    const after = specified(list, side, before);
    const anew = specified(list, side);
    expect([after.specs, after.kinds]).not.toEqual([before.specs, before.kinds]);
    expect([after.specs, after.kinds]).toEqual([anew.specs, anew.kinds]);
  });

  it("keep what each member asks for, but where it or what is reserved changed", () => {
    const [two, three] = asked(before);
    const moved = specified(affiliates, { ...own, lastWorking: new Map() }, before);
    expect(moved).not.toBe(before);
    expect(asked(moved)).toEqual([two, three]);
    expect(asked(moved)[0]).toBe(two);
    const [changed, kept] = asked(specified([peer(2), affiliates[1] ?? expect.fail()], own, before));
    expect(changed).not.toEqual(two);
    expect(kept).toBe(three);
    const reserved = specified(affiliates, { ...own, addresses: [address("10.96.0.1")] }, before);
    expect(asked(reserved)[0]).not.toEqual(two);
  });
});

describe("a revision", () => {
  interface Added extends OwnSide {
    readonly added: ReadonlyMap<string, number>;
  }

  it("is raised when a Map that was added to a node's side changes", () => {
    const same: SameFields<Added> = { ...sameOwnSide, added: (left, right) => left === right };
    const side: Added = { ...own, added: new Map([["a", 1]]) };
    const first = revised(undefined, side, same);
    expect(revised(first, { ...side }, same)).toBe(first);
    expect(revised(first, { ...side, added: new Map([["a", 2]]) }, same).revision).toBe(first.revision + 1);
  });

  it("is asked about every field by the compiler", () => {
    expectTypeOf(sameOwnSide).not.toExtend<SameFields<Added>>();
    // @ts-expect-error A field that is added and not compared is an error.
    const lacking: SameFields<Added> = sameOwnSide;
    expect(Object.keys(lacking).toSorted()).toEqual(Object.keys(own).toSorted());
  });
});
