import { describe, expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { memberInTheWay } from "../../../src/members/index.ts";
import type { Known } from "../../../src/members/member.ts";
import { address, affiliate } from "../mesh/values.ts";
import { memberOf, membersOf } from "./member.ts";

const now = 1_700_000_000_000;
const own = { nodeId: "id005", address: address("fd00:0:0:2::2"), startedAt: now - 1_000 };

const startedAt = (time: number): Affiliate =>
  affiliate(2, {}, { membership: { number: 1, startedAt: time, machine: "", otherNetworks: [] } });
const isInTheWay = (claim: Affiliate, more: Partial<Known> = { connectedAt: now }): boolean =>
  memberInTheWay(membersOf(memberOf(claim, now, more)), own, now) !== undefined;

describe("the KubeSpan address of this node is left to a member that has it, too,", () => {
  test("if that started before", () => {
    expect(isInTheWay(startedAt(own.startedAt - 1))).toBe(true);
    expect(isInTheWay(startedAt(own.startedAt + 1))).toBe(false);
  });

  test("or at the same time and has the lower id: of two exactly one moves", () => {
    expect(isInTheWay(startedAt(own.startedAt))).toBe(true);
    expect(isInTheWay({ ...startedAt(own.startedAt), nodeId: "id009" })).toBe(false);
  });

  test("or cannot move: a Talos node", () => {
    expect(isInTheWay(affiliate(2))).toBe(true);
  });

  test("but not to one that is not connected, as this machine's own ghost is not", () => {
    expect(isInTheWay(startedAt(0), {})).toBe(false);
    expect(isInTheWay(startedAt(0), { connectedAt: now - 200_000 })).toBe(false);
    expect(isInTheWay(startedAt(0), { connectedAt: now - 1_000, silentAt: 7 })).toBe(false);
  });

  test("and not to one with another address", () => {
    expect(isInTheWay(affiliate(3))).toBe(false);
  });
});
