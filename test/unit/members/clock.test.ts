import { describe, expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import type { Heard } from "../../../src/discovery/heard.ts";
import {
  afterClockSet,
  clockWarnings,
  datedAhead,
  isClockBehind,
  type Members,
  stepMembers,
} from "../../../src/members/index.ts";
import type { News } from "../../../src/members/step.ts";
import { affiliate } from "../mesh/values.ts";

const hour = 60 * 60_000;
const right = Date.UTC(2026, 10, 26);
const one = affiliate(2);
const id = one.nodeId;
const heardAt = (number: number, of: Affiliate = one): Heard => ({
  nodeId: of.nodeId,
  sealed: { ...of, membership: { number, startedAt: number, machine: "", otherNetworks: [] } },
});
const news = (heard: readonly Heard[], isClockBehind_: boolean): News => ({
  revision: 1,
  heard,
  links: new Map(),
  leaving: new Map(),
  deletedNodes: new Set(),
  mayBeAbsent: true,
  forgetAfterMs: 24 * hour,
  isClockBehind: isClockBehind_,
});
const none: Members = new Map();

describe("a clock is behind", () => {
  test.each([
    ["at 1970", 5_000, 0, true],
    ["before the time at which the node last ran", right - 1, right, true],
    ["not after it", right + 1, right, false],
    ["not at the first start, at any time that may be", right, 0, false],
  ])("%s", (_, now, lastRanAt, expected) => {
    expect(isClockBehind({ lastRanAt }, now)).toBe(expected);
  });
});

describe("with a clock that is behind", () => {
  const now = 5_000;
  test("announcements are taken whatever their date, and do not shut out what comes when it is right", () => {
    expect(stepMembers(none, news([heardAt(right)], false), now).members.size).toBe(0);
    const far = stepMembers(none, news([heardAt(right + 9_000 * hour)], true), now);
    expect(far.refused).toEqual([]);
    expect(far.members.get(id)?.standing).toBe("present");
    const later = stepMembers(far.members, news([heardAt(right)], false), right);
    expect(later.refused).toEqual([]);
    expect(later.members.get(id)).toMatchObject({ standing: "present", number: right });
  });

  test("an old announcement that was known to be old stays refused", () => {
    const known = stepMembers(none, news([heardAt(right)], false), right).members;
    const replayed = stepMembers(known, news([heardAt(right - hour)], true), now);
    expect(replayed.refused).toMatchObject([{ reason: expect.stringMatching(/older/) as string }]);
  });
});

test("a clock that is set makes no absence longer, and releases nobody", () => {
  const present = stepMembers(none, news([heardAt(right)], true), 5_000).members;
  const absent = stepMembers(present, news([], true), 6_000).members;
  expect(absent.get(id)?.standing).toBe("absent");
  const set = right - 6_000;
  expect(stepMembers(absent, news([], false), right).members.get(id)?.standing).toBe("released");
  const moved = afterClockSet(absent, set);
  expect(stepMembers(moved, news([], false), right).members.get(id)?.standing).toBe("absent");
  expect(stepMembers(moved, news([], false), right + 25 * hour).members.get(id)?.standing).toBe("released");
  expect(afterClockSet(absent, 900)).toBe(absent);
});

const facts = (of: readonly number[], now: number, lastRanAt = 0) => ({
  lastRanAt,
  ...datedAhead(
    of.map((number, index) => heardAt(number, affiliate(index + 2))),
    now,
  ),
});

describe("what status says", () => {
  test("of a clock at 1970, and of one that was set back", () => {
    const [first] = clockWarnings(facts([], 5_000), 5_000);
    expect(first?.what).toMatch(/^this node's clock shows 1970-01-01T00:00:05.000Z: announcements are taken/);
    const [back] = clockWarnings(facts([], right, right + hour), right);
    expect(back?.what).toMatch(/before 2026-11-26T01:00:00.000Z, when it last ran: .*set it \(date, NTP\)/);
  });

  test("of one that is not known to be behind while most announcements are dated ahead of it", () => {
    const early = right - 100 * hour;
    const [warning] = clockWarnings(facts([right, right, early], early), early);
    expect(warning?.what).toMatch(
      /2 of 3 announcements are dated more than a day ahead of it and are refused/,
    );
    expect(clockWarnings(facts([right, early, early], early), early)).toEqual([]);
    expect(clockWarnings(facts([right], right), right)).toEqual([]);
    expect(clockWarnings(facts([], right), right)).toEqual([]);
  });
});
