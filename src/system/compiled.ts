import { lstatSync, mkdirSync, realpathSync, rmSync, type Stats, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { enableCompileCache, flushCompileCache } from "node:module";
import { dirname, join } from "node:path";
import { version } from "../base/index.ts";
import { readTextNow } from "./read-now.ts";
import { effectiveUser, isTrusted, othersMayWrite } from "./user.ts";

/** The mark of a folder that holds what a whole start compiled, and what is written into it. */
interface Mark {
  readonly file: string;
  readonly text: string;
}

/** The milliseconds after which a start is over, and what it called is compiled. */
const startMs = 10_000;

const folderIn = (stateDirectory: string): string => join(stateDirectory, "compiled");

let wanted: Mark | undefined;

/**
 * Lets V8 take what it compiled at an earlier start from a folder in the state folder. What it finds there is code that
 * runs as this user, so the folder is used only if nobody else can have put anything into it: it must belong to this very
 * user. Node itself leaves out what was damaged, or compiled from another source or for another V8. Without such a folder
 * a start only takes longer, so nothing is said about it.
 */
export function useCompiled(stateDirectory: string, program: string): void {
  process.umask(0o077); // Node makes folders and files in it
  try {
    const folder = folderIn(stateDirectory);
    if (!isOwn(stateDirectory)) return;
    mkdirSync(folder, { mode: 0o700, recursive: true });
    if (!isOwn(folder)) return;
    const { mtimeMs, size } = statSync(program);
    const mark = {
      file: join(folder, "complete"),
      text: `${version} ${process.version} ${mtimeMs} ${size}\n`,
    };
    if (!isThere(mark)) {
      // Of another version, or of a start that ended early and called only some of what a start calls.
      rmSync(folder, { recursive: true });
      mkdirSync(folder, { mode: 0o700 });
      wanted = mark;
    }
    enableCompileCache(folder);
    if (wanted) setTimeout(keepCompiled, startMs).unref();
  } catch {
    // A disk that is full or cannot be written to is no reason not to start.
  }
}

/** Removes the folder, if there is one, because the state folder shall hold nothing. */
export const forgetCompiled = (stateDirectory: string): Promise<void> =>
  rm(folderIn(stateDirectory), { recursive: true, force: true, maxRetries: 5 });

/** Writes what this start compiled to the folder for the next ones, if it is not there. */
export function keepCompiled(): void {
  if (!wanted) return;
  try {
    flushCompileCache();
    writeFileSync(wanted.file, wanted.text, { mode: 0o600 });
  } catch {
    // The next start compiles anew.
  }
  wanted = undefined;
}

const isThere = ({ file, text }: Mark): boolean =>
  readTextNow(file, { largest: 1024, followsLinks: false }) === text;

/** Whether a folder is this user's own, and nobody else can write in it or put another one in its place. */
function isOwn(folder: string): boolean {
  const found = lstatSync(folder);
  return found.isDirectory() && found.uid === effectiveUser() && !othersMayWrite(found) && areAbove(folder);
}

function areAbove(folder: string): boolean {
  for (let at = dirname(realpathSync(folder)); ; at = dirname(at)) {
    if (!isSafe(statSync(at))) return false;
    if (at === dirname(at)) return true;
  }
}

const isSafe = (found: Stats): boolean =>
  isTrusted(found) && (!othersMayWrite(found) || (found.mode & 0o1000) !== 0);
