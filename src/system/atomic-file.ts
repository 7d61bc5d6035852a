import { randomBytes } from "node:crypto";
import { link, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { KubespanError } from "../base/index.ts";
import { effectiveUser } from "./user.ts";

interface FileOptions {
  /** The exact permission bits, from which the process's umask takes none away. */
  readonly mode: number;
  /**
   * `writer` leaves the file to the user that writes it. By default it belongs to the owner of its folder, who may be the
   * user of the service.
   */
  readonly owner?: "writer";
}

/**
 * Puts a file in place as a whole. A reader of `path`, now or after a power cut, finds either the old contents or the
 * new. Throws `KubespanError("state")`, and then leaves `path` as it was.
 */
export const writeAtomically = (path: string, text: string, options: FileOptions): Promise<void> =>
  throughTemporaryFile(path, text, options, (temporary) => rename(temporary, path));

/**
 * Puts a file in place as `writeAtomically` does, but never replaces one. `false` if `path` exists already, also if
 * another process made it meanwhile.
 */
export async function createAtomically(path: string, text: string, options: FileOptions): Promise<boolean> {
  let created = true;
  await throughTemporaryFile(path, text, options, async (temporary) => {
    created = await link(temporary, path).then(
      () => true,
      (error: unknown) => {
        if (errnoOf(error) === "EEXIST") return false;
        throw error;
      },
    );
    await rm(temporary);
  });
  return created;
}

/** The `code` of an error of the file system (`ENOENT`), if it is one. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

async function throughTemporaryFile(
  path: string,
  text: string,
  { mode, owner }: FileOptions,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await writeSynced(temporary, text, mode, owner === "writer" ? undefined : await ownerOf(dirname(path)));
    await publish(temporary);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new KubespanError("state", `cannot write ${path}: ${reason}`, {
      hint: "is the folder there, writable, and on a disk with room?",
      cause: error,
    });
  }
}

/** The owner of a folder. */
interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The owner that a new file in this folder should have. The service may run as a user of its own, and has to read the
 * files that root writes beside its own (`kubespan down`). Only root may give files away.
 */
async function ownerOf(folder: string): Promise<Owner | undefined> {
  if (effectiveUser() !== 0) return undefined;
  const { uid, gid } = await stat(folder);
  return uid === 0 ? undefined : { uid, gid };
}

async function writeSynced(
  path: string,
  text: string,
  mode: number,
  owner: Owner | undefined,
): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    if (owner) await file.chown(owner.uid, owner.gid);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename durable, which it is only once the folder that holds the name is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
