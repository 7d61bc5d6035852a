import { expect, test } from "vitest";
import {
  type Asked,
  afterAnswer,
  allDue,
  asking,
  followed,
  nameOf,
  turnOf,
} from "../../../src/port/questions.ts";

const servers = [1, 2, 3].map((number) => ({ host: `192.0.2.${number}`, port: 3478 }));

/** Lives for so many seconds with servers of which these answer; gives when each was asked. */
function live(
  seconds: number,
  answers: (asked: Asked) => boolean,
  changeAt = Number.POSITIVE_INFINITY,
): { readonly at: number; readonly name: string; readonly wasDue: boolean }[] {
  let asked = followed(servers, []);
  const questions: { at: number; name: string; wasDue: boolean }[] = [];
  for (let now = 1_000_000; now < 1_000_000 + seconds * 1000; now += 1000) {
    if (now === 1_000_000 + changeAt * 1000) asked = allDue(asked);
    const turn = turnOf(asked, now);
    for (const each of turn.now) {
      questions.push({ at: (now - 1_000_000) / 1000, name: nameOf(each), wasDue: each.isDue });
      const after = afterAnswer(asking(each, now), each.isDue, answers(each));
      asked = asked.map((other) => (nameOf(other) === nameOf(each) ? after : other));
    }
  }
  return questions;
}

test("all are asked at first, then one packet in 25 s to one after the other", () => {
  const [first, ...rest] = [
    ...Map.groupBy(
      live(600, () => true),
      ({ at }) => at,
    ),
  ];
  expect(first?.[1]).toHaveLength(6);
  expect(rest.map(([at]) => at)).toEqual(rest.map((_, index) => 25 * (index + 1)));
  expect(rest.every(([, all]) => all.length === 1)).toBe(true);
  expect(new Set(rest.slice(0, 6).map(([, [only]]) => only?.name)).size).toBe(6);
});

test("a change makes all be asked at once; a server that falls silent is asked once more, with tries", () => {
  const questions = live(100, () => true, 60);
  expect(questions.filter(({ at }) => at === 60)).toHaveLength(6);
  let silent = false;
  const lost = live(200, (asked) => {
    if (nameOf(asked) !== "192.0.2.1:3478 4") return true;
    silent = !silent;
    return silent;
  }).filter(({ name, at }) => name === "192.0.2.1:3478 4" && at > 0);
  expect(lost.slice(0, 2).map(({ wasDue }) => wasDue)).toEqual([false, true]);
});

const isGood = ({ server, family }: Asked): boolean => server === servers[0] && family === 4;

test("servers that never answer are asked less and less, and take nobody's turn for long", () => {
  const questions = live(3600, isGood).filter(({ at }) => at > 600);
  const good = questions.filter(({ name }) => name === "192.0.2.1:3478 4").length;
  expect(good).toBeGreaterThan(questions.length * 0.7);
  expect(questions.length).toBeLessThanOrEqual(3000 / 25);
});

test("what was known of a server stays while others come and go; one that is named twice is asked once", () => {
  const before = followed(servers, []).map((each) => ({ ...each, isDue: false, silent: 3 }));
  const after = followed([...servers.slice(0, 1), ...servers.slice(0, 1), { host: "new", port: 1 }], before);
  expect(after.map(({ silent, isDue }) => [silent, isDue])).toEqual([
    [3, false],
    [3, false],
    [0, true],
    [0, true],
  ]);
  expect(turnOf([], 0).now).toEqual([]);
});
