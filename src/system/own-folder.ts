import type { Stats } from "node:fs";
import { lstat, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { KubespanError, messageText } from "../base/index.ts";
import { errnoOf } from "./atomic-file.ts";
import { isTrusted, othersMayWrite } from "./user.ts";

/** A flaw of a folder, with a hint how to mend it. */
interface Flaw {
  readonly reason: string;
  readonly hint: string;
}

/**
 * Checks that only this program and root can have put files into a folder; a folder that does not exist yet is fine. It
 * must be a folder and no link, nobody else may write in it or replace it, and it must belong to root, to this user, or
 * to a user to whom root gave it, because the service may run as a user of its own while root calls `kubespan down`.
 * Throws `KubespanError("state")`.
 */
export async function checkOwnFolder(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw refusal(path, { reason: messageText(error), hint: "give a folder that root may read" }, error);
  });
  const flaw = found && (flawOf(path, found) ?? (await flawAbove(path, found)));
  if (flaw) throw refusal(path, flaw);
}

const refusal = (path: string, { reason, hint }: Flaw, cause?: unknown): KubespanError =>
  new KubespanError("state", `the folder ${path} is not used: ${reason}`, { hint, cause });

function flawOf(path: string, found: Stats): Flaw | undefined {
  const hint = "name the folder itself in stateDirectory or runDirectory";
  if (found.isSymbolicLink()) return { reason: "it is a symbolic link", hint };
  if (!found.isDirectory()) return { reason: "it is not a folder", hint };
  if (othersMayWrite(found))
    return {
      reason: `others may write in it (mode 0${(found.mode & 0o7777).toString(8)})`,
      hint: `see what is in it, then: chmod go-w ${path}`,
    };
  return undefined;
}

/**
 * Finds a folder further up in which others may write. They could replace the checked folder, unless the sticky bit is
 * set there.
 */
async function flawAbove(path: string, found: Stats): Promise<Flaw | undefined> {
  let onlyRootMakesFolders = true;
  let at = dirname(await realpath(path));
  for (let isNext = true; ; isNext = false) {
    const above = await stat(at);
    const isSticky = (above.mode & 0o1000) !== 0;
    if (!isTrusted(above) || (othersMayWrite(above) && !isSticky))
      return { reason: `others may replace it: see the owner and mode of ${at}`, hint: "choose another one" };
    if (isNext) onlyRootMakesFolders = above.uid === 0 && !othersMayWrite(above);
    if (at === dirname(at)) break;
    at = dirname(at);
  }
  if (isTrusted(found) || onlyRootMakesFolders) return undefined;
  return {
    reason: `it belongs to somebody else (user ${found.uid})`,
    hint: `see what is in it, then: chown root ${path}`,
  };
}
