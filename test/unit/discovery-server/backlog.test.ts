import { array, assert, constantFrom, integer, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import { Backlog } from "../../../src/discovery-server/backlog.ts";

const limits = { each: 256, few: 8, inAll: 1_000 };

test("as long as there is room, each may have the same", () => {
  const backlog = new Backlog(limits);
  backlog.change("greedy", 1_000);
  expect([backlog.mostFor("greedy"), backlog.mostFor("new")]).toEqual([256, 256]);
});

test("whoever lets much wait is cut short when there is none, and nobody else", () => {
  const backlog = new Backlog(limits);
  backlog.change("greedy", 900);
  backlog.change("modest", 101);
  expect([backlog.mostFor("greedy"), backlog.mostFor("modest"), backlog.mostFor("new")]).toEqual([
    8, 256, 256,
  ]);
  backlog.change("greedy", -1);
  expect(backlog.mostFor("greedy")).toBe(256);
});

test("many holders together let no more than twice as much wait, whoever comes when the room is used up", () => {
  const holders = ["a", "b", "c", "d", "e", "f"];
  const sizes = integer({ min: 1, max: 300 });
  assert(
    property(array(tuple(constantFrom(...holders), sizes), { maxLength: 300 }), (all) => {
      const backlog = new Backlog(limits);
      const waiting = new Map<string, number>();
      // One receiver of each holder: what is more than it may have is dropped.
      for (const [holder, more] of all) {
        const before = waiting.get(holder) ?? 0;
        const after = Math.min(before + more, backlog.mostFor(holder));
        backlog.change(holder, after - before);
        waiting.set(holder, after);
      }
      expect(backlog.total).toBe([...waiting.values()].reduce((sum, each) => sum + each, 0));
      expect(backlog.total).toBeLessThanOrEqual(2 * limits.inAll);
    }),
  );
});
