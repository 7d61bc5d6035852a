import { array, assert, constantFrom, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { FairQueue } from "../../../src/discovery-server/fair-queue.ts";

const limits = { laneBytes: 10_000, bytes: 1e9, roundBytes: 1600 };

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
      for (const item of items) dropped += queue.push("owner", item.lane, item, item.bytes);
      const left = drained(queue);
      expect(left.length + dropped).toBe(items.length);
      expect(queue.bytes).toBe(0);
      for (const lane of ["a", "b", "c"]) {
        const [sent, got] = [items, left].map((list) => list.filter((item) => item.lane === lane));
        expect(got).toEqual(sent?.slice(-(got?.length ?? 0) || sent.length));
        const bytes = (got ?? []).reduce((sum, item) => sum + item.bytes, 0);
        expect(bytes).toBeLessThanOrEqual(limits.laneBytes);
      }
    }),
  );
});

test.each(["lanes of one owner", "owners"])(
  "of %s, none gets ahead by more than a round and one item",
  (of) => {
    assert(
      property(arrivals, integer({ min: 2, max: 60 }), (all, count) => {
        const queue = new FairQueue<{ lane: string; bytes: number }>({ ...limits, laneBytes: 1e9 });
        for (const item of all)
          queue.push(
            of === "owners" ? item.lane : "owner",
            of === "owners" ? "lane" : item.lane,
            item,
            item.bytes,
          );
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
          expect(Math.max(...amounts) - Math.min(...amounts)).toBeLessThanOrEqual(
            2 * 1600 + limits.roundBytes,
          );
        }
      }),
    );
  },
);

test("an owner that comes late waits for one round of the others", () => {
  const queue = new FairQueue<string>({ ...limits, laneBytes: 1e6 });
  for (let index = 0; index < 500; index++) queue.push("a", "flood", "flood", 1500);
  queue.shift();
  queue.push("b", "late", "late", 1500);
  expect([queue.shift(), queue.shift(), queue.shift()]).toContain("late");
});

test("an owner of many lanes gets no more turns than an owner of one", () => {
  const queue = new FairQueue<string>(limits);
  for (let index = 0; index < 400; index++) queue.push("many", `lane ${index}`, "many", 1500);
  for (let index = 0; index < 5; index++) queue.push("one", "lane", "one", 1500);
  const first = Array.from({ length: 11 }, () => queue.shift());
  expect(first.filter((item) => item === "one")).toHaveLength(5);
});

test("what waits in all is bounded, at the cost of whoever has most, and of the longest lane of that one", () => {
  const queue = new FairQueue<string>({ ...limits, bytes: 20_000 });
  for (let index = 0; index < 2; index++) queue.push("modest", "lane", "modest", 1000);
  for (let index = 0; index < 2; index++) queue.push("greedy", "small", "small", 1000);
  let dropped = 0;
  for (let index = 0; index < 300; index++) {
    dropped += queue.push("greedy", `lane ${index % 3}`, `greedy ${index}`, 1000);
    expect(queue.bytes).toBeLessThanOrEqual(20_000);
  }
  const left = drained(queue);
  expect(left.length + dropped).toBe(304);
  expect(left.filter((item) => !item.startsWith("greedy"))).toHaveLength(4);
  expect(left).toContain("greedy 299");
});
