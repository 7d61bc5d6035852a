/** The first part of a tool's `--version` that looks like a version: `v1.0.20210914` gives `1.0.20210914`. */
export const versionIn = (text: string): string | undefined =>
  /(?<![\w.])v?(\d{1,9}(?:\.\d{1,9}){1,3})/.exec(text.slice(0, 500))?.[1];

/** Tells whether `version` is older than `other`, compared number by number. */
export function isOlderVersion(version: string, other: string): boolean {
  const [left, right] = [version.split(".").map(Number), other.split(".").map(Number)];
  const at = right.findIndex((number, index) => number !== (left[index] ?? 0));
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}
