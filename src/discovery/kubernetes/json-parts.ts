const mostItems = 256;

/** The items of a list, of which only so many are read; none for anything else. */
export const itemsOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value.slice(0, mostItems) : [];

/** The fields of an object; none for anything else. */
export const mapOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** The beginning of a text; empty for anything else. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value.slice(0, 1024) : "");
