import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type ErrorCode, KubespanError } from "../base/index.ts";
import { errnoOf } from "./atomic-file.ts";
import { effectiveUser, isTrusted, othersMayWrite } from "./user.ts";

/** A text file: its contents, and who may do what with it. */
export interface TextFile {
  readonly text: string;
  /** The permission bits that the file had. */
  readonly mode: number;
  /** Whether it belongs to root or this user, and nobody else may write in it. */
  readonly isGuarded: boolean;
}

interface ReadOptions {
  /** The largest size in bytes. A larger file is refused. */
  readonly largest: number;
  /**
   * The code of errors about a file of this kind; `hint` says what the operator can do. `state` is for files that this
   * program keeps itself: no link is followed, and the file must belong to root, to this user or to the owner of its
   * folder.
   */
  readonly code: ErrorCode;
  readonly hint: string;
  /** Whether a file in which others may look is made readable for its owner only. It is done to the file that was read. */
  readonly isMadePrivate?: boolean;
}

/**
 * Reads a regular UTF-8 file; `undefined` if there is none. Throws `KubespanError` for a directory, a pipe or a device
 * (reading them may never end), and for a file that is too large, not UTF-8, or not readable. A file that this user may
 * not read is not wrong: then the error is `privilege`.
 */
export async function readTextFile(path: string, options: ReadOptions): Promise<TextFile | undefined> {
  const refuse = (cause: unknown): KubespanError => {
    const isOthers = errnoOf(cause) === "EACCES";
    const [code, hint] = isOthers ? (["privilege", othersHint] as const) : [options.code, options.hint];
    return new KubespanError(code, `cannot read ${path}: ${plainReason(cause)}`, { hint, cause });
  };
  const isOurs = options.code === "state";
  let file: FileHandle;
  try {
    if (isOurs) await checkKept(path);
    // A pipe without a writer would block. The checked file may have been replaced meanwhile, so links are refused
    // here, too.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | (isOurs ? constants.O_NOFOLLOW : 0));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw refuse(error);
  }
  try {
    return await readOpened(file, options);
  } catch (error) {
    throw refuse(error);
  } finally {
    await file.close();
  }
}

/** Checks a file before it is opened, since opening alone can make a device do something. */
async function checkKept(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) throw new Error("it is a symbolic link, and none is followed here");
  regular(found);
  const folder = await stat(dirname(path));
  if (![0, effectiveUser(), folder.uid].includes(found.uid))
    throw new Error(`it belongs to somebody else (user ${found.uid})`);
}

function regular(found: Stats): void {
  if (found.isDirectory()) throw new Error("it is a directory");
  if (!found.isFile()) throw new Error("it is not a regular file");
}

async function readOpened(file: FileHandle, { largest, isMadePrivate }: ReadOptions): Promise<TextFile> {
  const found = await file.stat();
  regular(found);
  const buffer = Buffer.alloc(largest + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > largest) throw new Error(`it is larger than ${largest} bytes`);
  const mode = found.mode & 0o7777;
  if (isMadePrivate && (mode & 0o077) !== 0) await file.chmod(0o600);
  const isGuarded = isTrusted(found) && !othersMayWrite(found);
  return { text: decode(buffer.subarray(0, length)), mode, isGuarded };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("it is not UTF-8 text");
  }
}

const othersHint = "run this as root, or as the user of the service";

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  ENOTDIR: "a part of its path is not a directory",
  ELOOP: "too many symbolic links",
};

function plainReason(error: unknown): string {
  const known = reasons[errnoOf(error) ?? ""];
  return known ?? (error instanceof Error ? error.message : String(error));
}
