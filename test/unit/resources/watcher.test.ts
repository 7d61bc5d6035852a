import fc from "fast-check";
import { expect, test } from "vitest";
import type { WatchLine } from "../../../src/api/index.ts";
import { KindStore } from "../../../src/resources/store.ts";
import { Watcher } from "../../../src/resources/watcher.ts";
import { drawn, thing } from "./kinds.ts";

const closed = (): void => undefined;

function watching(store: KindStore) {
  let news = 0;
  const watcher = new Watcher(store, () => news++, closed);
  const read = (): WatchLine | undefined => {
    const line = watcher.next();
    return line === undefined ? undefined : (JSON.parse(line) as WatchLine);
  };
  const readAll = (): WatchLine[] => {
    const lines: WatchLine[] = [];
    for (let line = read(); line; line = read()) lines.push(line);
    return lines;
  };
  return { watcher, read, readAll, news: () => news };
}

const shortly = (line: WatchLine): string =>
  "resource" in line
    ? `${line.event} ${line.resource.metadata.id} ${line.resource.metadata.version}`
    : line.event === "lost"
      ? `lost ${line.changes}`
      : line.event;

test("a watcher is told what there is, that this is all, and then each change", () => {
  const store = new KindStore(thing);
  store.update([drawn("a", 1), drawn("b", 1)], 0);
  const { watcher, readAll, news } = watching(store);
  expect(readAll().map(shortly)).toEqual(["created a 1", "created b 1", "bootstrapped"]);
  watcher.note(store.update([drawn("a", 2), drawn("c", 1)], 0));
  expect(news()).toBe(1);
  expect(readAll().map(shortly)).toEqual(["updated a 2", "created c 1", "deleted b 1"]);
  expect(readAll()).toEqual([]);
});

test("a slow one is told the present state, and how many changes it missed", () => {
  const store = new KindStore(thing);
  store.update([drawn("a", 1)], 0);
  const { watcher, readAll } = watching(store);
  readAll();
  for (const size of [2, 3, 4, 5]) watcher.note(store.update([drawn("a", size)], 0));
  expect(readAll().map(shortly)).toEqual(["lost 3", "updated a 5"]);
});

test("what came and went unseen is missed, and no more", () => {
  const store = new KindStore(thing);
  const { watcher, readAll } = watching(store);
  readAll();
  watcher.note(store.update([drawn("a", 1)], 0));
  watcher.note(store.update([], 0));
  expect(readAll().map(shortly)).toEqual(["lost 1"]);
});

test("whatever changes and however slowly it reads, a watcher ends up with what there is", () => {
  const change = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 2 }));
  const steps = fc.array(fc.record({ change, reads: fc.integer({ min: 0, max: 4 }) }));
  fc.assert(
    fc.property(steps, (story) => {
      const store = new KindStore(thing);
      const { watcher, read, readAll } = watching(store);
      const known = new Map<string, unknown>();
      const hear = (line: WatchLine): void => {
        if (!("resource" in line)) return;
        const { id } = line.resource.metadata;
        expect(line.event === "created").toBe(!known.has(id));
        if (line.event === "deleted") known.delete(id);
        else known.set(id, line.resource);
      };
      for (const { change: sizes, reads } of story) {
        watcher.note(
          store.update(
            Object.entries(sizes).map(([id, size]) => drawn(id, size)),
            0,
          ),
        );
        for (let at = 0; at < reads; at++) {
          const line = read();
          if (line) hear(line);
        }
      }
      for (const line of readAll()) hear(line);
      expect([...known.values()]).toEqual(
        expect.arrayContaining(store.items.map((item) => expect.objectContaining(item) as unknown)),
      );
      expect(known.size).toBe(store.items.length);
    }),
  );
});
