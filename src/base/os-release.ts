/** What a distribution says of itself in os-release(5). */
export interface OsRelease {
  /** The name for people, `Debian GNU/Linux 12 (bookworm)`, or else its id. Printable, and at most 100 characters. */
  readonly name: string | undefined;
  /** The id, and those of the distributions that it is like, the nearest first. */
  readonly ids: readonly string[];
}

const longestName = 100;

/** Parses the file in the format of os-release(5). Never throws. */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, key, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, unquoted(value));
  }
  const ids = [values.get("ID") ?? "", ...(values.get("ID_LIKE") ?? "").split(" ")].filter((id) => id !== "");
  const name = (values.get("PRETTY_NAME") ?? values.get("ID") ?? "").replace(/[^\x20-\x7e]/g, "");
  return { name: name.slice(0, longestName) || undefined, ids };
}

const unquoted = (value: string): string =>
  /^(["']).*\1$/.test(value) && value.length > 1 ? value.slice(1, -1).replace(/\\([$"'\\`])/g, "$1") : value;
