import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errnoOf } from "./atomic-file.ts";
import { type ErrorCode, KubespanError } from "./error.ts";

/** A text file as found: its contents and its permission bits. */
export interface TextFile {
  readonly text: string;
  readonly mode: number;
}

interface ReadOptions {
  /** Bytes; a larger file is refused. */
  readonly largest: number;
  /** The code of the error that a file of this kind leads to, and what the operator can do. */
  readonly code: ErrorCode;
  readonly hint: string;
}

/**
 * Reads a regular UTF-8 file; `undefined` if there is none. Throws `KubespanError` for a directory, a pipe or a device
 * (reading them may never end), a file that is too large, not UTF-8, or not readable.
 */
export async function readTextFile(path: string, options: ReadOptions): Promise<TextFile | undefined> {
  const refuse = (reason: string, cause?: unknown): KubespanError =>
    new KubespanError(options.code, `cannot read ${path}: ${reason}`, { hint: options.hint, cause });
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe without a writer would block
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw refuse(plainReason(error), error);
  }
  try {
    return await readOpened(file, options.largest);
  } catch (error) {
    throw refuse(plainReason(error), error);
  } finally {
    await file.close();
  }
}

async function readOpened(file: FileHandle, largest: number): Promise<TextFile> {
  const found = await file.stat();
  if (found.isDirectory()) throw new Error("it is a directory");
  if (!found.isFile()) throw new Error("it is not a regular file");
  const buffer = Buffer.alloc(largest + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > largest) throw new Error(`it is larger than ${largest} bytes`);
  return { text: decode(buffer.subarray(0, length)), mode: found.mode & 0o7777 };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("it is not UTF-8 text");
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  ENOTDIR: "a part of its path is not a directory",
  ELOOP: "too many symbolic links",
};

function plainReason(error: unknown): string {
  const known = reasons[errnoOf(error) ?? ""];
  return known ?? (error instanceof Error ? error.message : String(error));
}
