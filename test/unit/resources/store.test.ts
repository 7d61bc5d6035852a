import { expect, test } from "vitest";
import { KindStore } from "../../../src/resources/store.ts";
import { drawn, thing } from "./kinds.ts";

const versions = (store: KindStore) =>
  Object.fromEntries(store.items.map(({ metadata: { id, version } }) => [id, version]));

test("a version grows with each change of what a resource says, and with nothing else", () => {
  const store = new KindStore(thing);
  expect(store.update([drawn("a", 1), drawn("b", 1)], 1000)).toEqual(["a", "b"]);
  expect(store.update([drawn("a", 1), drawn("b", 1)], 2000)).toEqual([]);
  expect(store.update([drawn("a", 2), drawn("b", 1)], 3000)).toEqual(["a"]);
  expect(versions(store)).toEqual({ a: 2, b: 1 });
  expect(store.get("a")?.metadata).toEqual({
    namespace: "tests",
    type: "Things.example",
    id: "a",
    version: 2,
    created: "1970-01-01T00:00:01.000Z",
    updated: "1970-01-01T00:00:03.000Z",
  });
});

test("what went is told, and begins anew if it comes back", () => {
  const store = new KindStore(thing);
  store.update([drawn("a", 1)], 0);
  store.update([drawn("a", 2)], 0);
  expect(store.update([], 0)).toEqual(["a"]);
  expect(store.items).toEqual([]);
  expect(store.update([drawn("a", 2)], 5)).toEqual(["a"]);
  expect(versions(store)).toEqual({ a: 1 });
});
