/** A document or a part of one as plain values. */
export type Value = unknown;

type PlainMap = Readonly<Record<string, unknown>>;

/** The key by which a patch says that what it stands in is to go. */
const instruction = "$patch";

export const isMap = (value: Value): value is PlainMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a patch asks to take away the document or section that it is for. */
export const asksToDelete = (patch: Value): boolean => isMap(patch) && patch[instruction] === "delete";

/**
 * Merges a patch into a value as Talos merges its documents: maps key by key, lists by appending, anything else by
 * replacing. An empty value changes nothing.
 */
export function merged(value: Value, patch: Value): Value {
  if (patch === null || patch === undefined) return value;
  if (Array.isArray(patch)) return Array.isArray(value) ? [...value, ...patch] : patch;
  if (!isMap(patch)) return patch;
  const result: Record<string, unknown> = { ...(isMap(value) ? value : {}) };
  for (const [key, part] of Object.entries(patch)) {
    if (asksToDelete(part)) delete result[key];
    else if (key !== instruction && part !== null)
      Object.defineProperty(result, key, {
        value: merged(result[key], part),
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  return result;
}
