import { describe, expect, test } from "vitest";
import { type RefusedAffiliate, unopened } from "../../../src/discovery/index.ts";
import { noRefusals, refusalsOf, refusalsToTell, refusalWarnings } from "../../../src/members/index.ts";
import type { Standing } from "../../../src/members/standing.ts";
import { affiliate } from "../mesh/values.ts";
import { claimsOf } from "./claims-of.ts";

const now = 1_700_000_000_000;
const members = Array.from({ length: 9 }, (_, index) => `member${index}`);
const refused = (nodeId: string, more: Partial<RefusedAffiliate> = {}): RefusedAffiliate => ({
  nodeId,
  reason: "it is dated ahead",
  ...more,
});

/** What each of the members tells of those that are refused. */
const toldBy = (all: readonly RefusedAffiliate[]): string[][] =>
  members.map((own) =>
    refusalsToTell(all, { own, members }, noRefusals, now).refusals.map(({ nodeId }) => nodeId),
  );

describe("what a node says of those whom it refuses", () => {
  test("of each node two members tell, and not the same two of all", () => {
    const nodes = Array.from({ length: 6 }, (_, index) => `node${index}`);
    const tellers = nodes.map((node) =>
      toldBy([refused(node)]).flatMap((told, index) => (told.includes(node) ? index : [])),
    );
    for (const each of tellers) expect(each).toHaveLength(2);
    expect(new Set(tellers.map(String)).size).toBeGreaterThan(1);
  });

  test("is nothing of who has another secret, and nothing of what is left out in part", () => {
    expect(toldBy([refused("x", { reason: unopened }), refused("y", { partly: true })]).flat()).toEqual([]);
  });

  test("is bounded, whoever makes up how many nodes", () => {
    const many = Array.from({ length: 200 }, (_, index) => refused(`node${index}`));
    for (const told of toldBy(many)) expect(told.length).toBeLessThanOrEqual(4);
  });

  test("changes once a minute at most, and stays the same as long as nothing does", () => {
    const alone = { own: "self", members: ["self"] };
    const first = refusalsToTell([refused("x")], alone, noRefusals, now);
    expect(first.refusals).toHaveLength(1);
    expect(refusalsToTell([refused("x")], alone, first, now + 90_000)).toBe(first);
    expect(refusalsToTell([], alone, first, now + 59_000)).toBe(first);
    expect(refusalsToTell([], alone, first, now + 60_000).refusals).toEqual([]);
    expect(refusalsToTell([], alone, first, now - 1).refusals).toEqual([]); // the clock was set back
  });
});

const membership = (nodeId: string) => ({
  number: 1,
  startedAt: 1,
  machine: "",
  otherNetworks: [],
  refusals: [{ nodeId, reason: "it is dated ahead" }],
});

describe("a node that others refuse", () => {
  const claims = claimsOf([
    affiliate(2, {}, { membership: membership("self") }),
    affiliate(3, {}, { membership: membership("self") }),
    affiliate(4, {}, { membership: membership("other") }),
  ]);
  const named: Standing = {
    isConnected: false,
    isConfirmed: true,
    isNamed: true,
    announcedAt: 0,
    claimedSince: new Map(),
  };
  const standings = new Map(claims.map(({ affiliate: { nodeId } }) => [nodeId, named]));

  test("is warned once, with the names of those who tell it", () => {
    const warnings = refusalWarnings(refusalsOf("self", claims, standings));
    expect(warnings).toEqual([
      {
        who: "this node",
        what: expect.stringMatching(/as node-2 and node-3 says?: it is dated ahead\./) as string,
      },
    ]);
  });

  test("is not warned by members that no registry names any more", () => {
    expect(refusalsOf("self", claims, new Map())).toEqual([]);
  });
});
