import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const cache = join(import.meta.dirname, "../../.cache/programs");

/** A folder of programs that is made once, and anew when any of the things changes of which it is made. */
export interface Recipe {
  readonly name: string;
  /** The text from which the folder is made: pins and sources. */
  readonly of: readonly string[];
  readonly make: (folder: string) => Promise<void>;
}

/** Gives the path of the folder, which is made first if there is none. Half a folder is never left behind. */
export async function kept({ name, of, make }: Recipe): Promise<string> {
  const digest = createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 12);
  const folder = join(cache, `${name}-${digest}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  const started = performance.now();
  console.log(`programs: ${name} is made`);
  try {
    await mkdir(unfinished, { recursive: true });
    await make(unfinished);
    await rename(unfinished, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // else another process was faster
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  console.log(`programs: ${name} took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return folder;
}

/** Reads files that stand beside this one. */
export const sources = (...names: string[]): Promise<string[]> =>
  Promise.all(names.map((name) => readFile(join(import.meta.dirname, name), "utf8")));
