import { type OsRelease, parseOsRelease } from "../base/index.ts";
import { readTextFile } from "./read-file.ts";

const files = ["/etc/os-release", "/usr/lib/os-release"];

/** Reads what this system says of itself; nothing where it has no such file, as a minimal image, or none that can be read. */
export async function readOsRelease(): Promise<OsRelease> {
  for (const file of files) {
    const options = { largest: 64 * 1024, code: "config", hint: "" } as const;
    const found = await readTextFile(file, options).catch(() => undefined);
    if (found) return parseOsRelease(found.text);
  }
  return parseOsRelease("");
}
