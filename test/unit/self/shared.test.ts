import { describe, expect, it } from "vitest";
import { type Shared, sharedAddresses, withoutShared } from "../../../src/self/shared.ts";
import { address, affiliate, prefix } from "../mesh/values.ts";

const vip = address("198.51.100.7");
const own = [address("192.0.2.1"), vip];

/** A member that names the address or not, and is connected or not. */
const member = (number: number, names: boolean, isConnected = true) => ({
  affiliate: affiliate(number, {}, { addresses: names ? [vip] : [] }),
  isConnected,
});

/** What a node names after each pass, ten seconds apart, with these members. */
function passes(...seen: (readonly ReturnType<typeof member>[])[]): readonly (readonly string[])[] {
  let shared: Shared = new Map();
  return seen.map((members, at) => {
    shared = sharedAddresses([vip], members, shared, at * 10_000);
    return withoutShared(own, shared, at * 10_000).named;
  });
}

const advertises = (text: string) => [
  { affiliate: affiliate(1, { additionalAddresses: [prefix(text)] }), isConnected: true },
];

describe("an address on the loopback link", () => {
  it("is the node's own while no other member has it", () => {
    expect(passes([], [member(1, false)])).toEqual([own, own]);
  });

  it("that another member has, too, is named half a minute more, then not any longer", () => {
    const other = [member(1, true)];
    expect(passes(other, other, other, other, other)).toEqual([own, own, own, [own[0]], [own[0]]]);
  });

  it("stays unnamed when the other member stops to name it: both have stopped", () => {
    const [names, stops] = [[member(1, true)], [member(1, false)]];
    const all = passes(names, names, names, names, stops, stops, stops);
    expect(all.slice(3)).toEqual([[own[0]], [own[0]], [own[0]], [own[0]]]);
  });

  it("is named anew for those who begin to name it, such as a member that was started again", () => {
    const [names, stops] = [[member(1, true)], [member(1, false)]];
    const all = passes(names, stops, stops, stops, names, names, names, names);
    expect(all.slice(3)).toEqual([[own[0]], own, own, own, [own[0]]]);
  });

  it("is the node's again once the other member is gone, as one that moved here", () => {
    const [there, gone] = [[member(1, true)], [member(1, true, false)]];
    expect(passes(there, there, there, there, gone).slice(3)).toEqual([[own[0]], own]);
    expect(passes(gone)).toEqual([own]);
  });

  it("counts as named by a member that advertises it by itself, not as part of a network", () => {
    expect(sharedAddresses([vip], advertises("198.51.100.7/32"), new Map(), 0).size).toBe(1);
    expect(sharedAddresses([vip], advertises("198.51.100.0/24"), new Map(), 0).size).toBe(0);
  });

  it("has a reason with the names of those that have it", () => {
    const shared = sharedAddresses([vip], [member(1, true), member(2, true)], new Map(), 0);
    expect(withoutShared(own, shared, 30_000).leftOut).toEqual([
      {
        value: vip,
        reason: "node-1 and 1 more have it, too, so it is nobody's, and not sent through the mesh (on lo)",
      },
    ]);
  });
});

it("two nodes with one address come to rest, whoever began, each hearing of the other a pass later", () => {
  for (const late of [0, 1, 2, 5]) {
    let [one, two]: Shared[] = [new Map(), new Map()];
    let [firstNames, secondNames] = [false, false];
    const history: boolean[][] = [];
    for (let at = 0; at < 20; at++) {
      const now = at * 10_000;
      const [heardOne, heardTwo] = [firstNames, secondNames];
      one = sharedAddresses([vip], [member(2, heardTwo)], one ?? new Map(), now);
      two = sharedAddresses([vip], at < late ? [] : [member(1, heardOne)], two ?? new Map(), now);
      firstNames = withoutShared([vip], one, now).named.length > 0;
      secondNames = at >= late && withoutShared([vip], two, now).named.length > 0;
      history.push([firstNames, secondNames]);
    }
    expect(history.slice(-10).flat()).not.toContain(true);
  }
});
