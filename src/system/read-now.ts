import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

interface Options {
  /** The largest size in bytes. */
  readonly largest: number;
  /** Whether a link is followed. Where the file is our own, one is none of ours. */
  readonly followsLinks: boolean;
}

/**
 * Reads a regular file before anything else can run, for what is decided at the start of the process; `undefined` if there
 * is none, or if it is larger. Whatever can wait reads files by `readTextFile`.
 */
export function readTextNow(path: string, { largest, followsLinks }: Options): string | undefined {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  let file: number | undefined;
  try {
    file = openSync(path, O_RDONLY | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW));
    const found = fstatSync(file);
    if (!found.isFile() || found.size > largest) return undefined;
    const bytes = Buffer.alloc(found.size);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, found.size, 0));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
