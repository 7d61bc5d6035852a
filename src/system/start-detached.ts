import { open, unlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { errorText, KubespanError, notInstalled } from "../base/index.ts";
import { errnoOf } from "./atomic-file.ts";
import { exists } from "./exists.ts";
import { type End, startProcess } from "./process.ts";

const deadlineMs = 10_000;
const pollMs = 10; // only while it starts: no event for the existence of a socket works on every file system

/**
 * Starts a process that goes on when this one ends, in a session of its own, with no file open on which it could block.
 * Resolves when `readyFile` exists. A file that a killed predecessor left is removed first. `device` is what the process
 * needs: it has nothing to which it could write why it ended, and mostly that is why.
 */
export async function startDetached(
  program: string,
  args: readonly string[],
  { readyFile, device }: { readonly readyFile: string; readonly device: string },
): Promise<string> {
  await removeLeftOver(readyFile);
  const child = await startProcess(program, args, {
    stdin: "ignore",
    output: "ignore",
    hasOwnGroup: true,
    env: { LOG_LEVEL: "error" },
  });
  child.unref();
  let end: End | undefined;
  void child.ended.then((found) => {
    end = found;
  });
  for (let waited = 0; waited < deadlineMs; waited += pollMs) {
    if (end) throw endedAtOnce(program, args, end, (await deviceProblem(device))?.text);
    if (await exists(readyFile)) return "";
    await delay(pollMs);
  }
  child.kill();
  throw new KubespanError("command", `${program} did not open ${readyFile} within ${deadlineMs / 1000} s`);
}

/** Removes a file, if it is there. Where that fails, it is mostly another user's, and in use. */
async function removeLeftOver(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return;
    throw new KubespanError("command", `${file} is in the way: ${errorText(cause)}`, {
      hint: "see which program, of which user, has made it; end that, and remove the file",
      cause,
    });
  }
}

/** The reason why a device cannot be used. */
interface DeviceProblem {
  /** Whether the kernel has no such device. Otherwise it has, and this process may not use it. */
  readonly isMissing: boolean;
  readonly text: string;
}

/** The reason why this process, and those that it starts, cannot use a device; `undefined` if they can. */
export async function deviceProblem(device: string): Promise<DeviceProblem | undefined> {
  try {
    await (await open(device, "r+")).close();
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : errorText(error);
    const reason = reasons[code] ?? `cannot be opened (${code})`;
    return { isMissing: reason === missing, text: `${device} ${reason}` };
  }
}

const missing = "is missing: load the module tun, or give this container the device";
const reasons: Readonly<Record<string, string>> = {
  ENOENT: missing,
  ENODEV: missing,
  ENXIO: missing,
  EACCES: "may not be used by this user: see who owns it, and its mode",
  EPERM: "may not be used here: give this container the device",
};

function endedAtOnce(
  program: string,
  args: readonly string[],
  end: End,
  problem: string | undefined,
): KubespanError {
  if (end.startError === "ENOENT") return notInstalled(program);
  const how = end.startError ?? `it ended with ${end.signal ?? end.exitCode}`;
  return new KubespanError("command", `${program} ${args.join(" ")} ended at once: ${problem ?? how}`);
}
