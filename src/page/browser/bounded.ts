/** The longest text and list that are drawn. The daemon sends shorter ones; a browser does not depend on that. */
const longestText = 400;
const longestList = 4096;

/** Cuts the texts and lists in a value from the daemon that are longer than anything that it sends. */
export function bounded(value: unknown): unknown {
  if (typeof value === "string") return value.slice(0, longestText);
  if (Array.isArray(value)) return value.slice(0, longestList).map(bounded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, bounded(each)]));
}
