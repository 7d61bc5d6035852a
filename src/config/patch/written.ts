import { isDeepStrictEqual } from "node:util";
import type { Document } from "yaml";
import { isMap, type Value } from "./merge.ts";

/** Writes the differences between two values into a document, so that what stays keeps its comments and its form. */
export function writeDifferences(
  document: Document,
  before: Value,
  after: Value,
  path: readonly string[] = [],
): void {
  if (isDeepStrictEqual(before, after)) return;
  if (isMap(before) && isMap(after)) {
    for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) document.deleteIn([...path, key]);
    for (const [key, value] of Object.entries(after))
      if (Object.hasOwn(before, key)) writeDifferences(document, before[key], value, [...path, key]);
      else document.setIn([...path, key], document.createNode(value));
    return;
  }
  const appended = appendedItems(before, after);
  if (appended.length > 0) {
    for (const item of appended) document.addIn(path, document.createNode(item));
    return;
  }
  const isScalar = typeof after !== "object" || after === null;
  if (path.length === 0) document.contents = document.createNode(after) as typeof document.contents;
  else document.setIn(path, isScalar ? after : document.createNode(after));
}

/** What a longer list has behind all items of a shorter one; nothing if it is no such list. */
function appendedItems(before: Value, after: Value): readonly Value[] {
  if (!Array.isArray(before) || !Array.isArray(after)) return [];
  return isDeepStrictEqual(after.slice(0, before.length), before) ? after.slice(before.length) : [];
}
