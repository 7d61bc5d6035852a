import { array, assert, constantFrom, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { FairQueue } from "../../../src/discovery-server/fair-queue.ts";

const limits = { laneBytes: 10_000, roundBytes: 1600 };

const arrivals = array(record({ lane: constantFrom("a", "b", "c"), bytes: integer({ min: 1, max: 1600 }) }), {
  maxLength: 200,
});

function drained<Item>(queue: FairQueue<Item>): Item[] {
  const items: Item[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

test("each lane keeps its order, and loses nothing but its oldest, and only beyond its bytes", () => {
  assert(
    property(arrivals, (all) => {
      const queue = new FairQueue<{ lane: string; bytes: number; index: number }>(limits);
      const items = all.map((each, index) => ({ ...each, index }));
      let dropped = 0;
      for (const item of items) dropped += queue.push(item.lane, item, item.bytes);
      const left = drained(queue);
      expect(left.length + dropped).toBe(items.length);
      expect(queue.lanes).toBe(0);
      for (const lane of ["a", "b", "c"]) {
        const [sent, got] = [items, left].map((list) => list.filter((item) => item.lane === lane));
        expect(got).toEqual(sent?.slice(-(got?.length ?? 0) || sent.length));
        const bytes = (got ?? []).reduce((sum, item) => sum + item.bytes, 0);
        expect(bytes).toBeLessThanOrEqual(limits.laneBytes);
      }
    }),
  );
});

test("of lanes in which something waits, none gets ahead by more than a round and one item", () => {
  assert(
    property(arrivals, integer({ min: 2, max: 60 }), (all, count) => {
      const queue = new FairQueue<{ lane: string; bytes: number }>({ ...limits, laneBytes: 1e9 });
      for (const item of all) queue.push(item.lane, item, item.bytes);
      const waits = new Map<string, number>();
      for (const { lane } of all) waits.set(lane, (waits.get(lane) ?? 0) + 1);
      const sent = new Map([...waits.keys()].map((lane) => [lane, 0]));
      for (let taken = 0; taken < count; taken++) {
        const item = queue.shift();
        if (!item) return;
        sent.set(item.lane, (sent.get(item.lane) ?? 0) + item.bytes);
        waits.set(item.lane, (waits.get(item.lane) ?? 0) - 1);
        if ([...waits.values()].some((left) => left === 0)) return;
        const amounts = [...sent.values()];
        expect(Math.max(...amounts) - Math.min(...amounts)).toBeLessThanOrEqual(2 * 1600 + limits.roundBytes);
      }
    }),
  );
});

test("a lane that comes late waits for one round of the others", () => {
  const queue = new FairQueue<string>({ laneBytes: 1e6, roundBytes: 1600 });
  for (let index = 0; index < 500; index++) queue.push("flood", "flood", 1500);
  queue.shift();
  queue.push("late", "late", 1500);
  expect([queue.shift(), queue.shift(), queue.shift()]).toContain("late");
});
