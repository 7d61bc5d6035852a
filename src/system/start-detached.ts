import { access, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { KubespanError, notInstalled } from "../base/index.ts";
import { type End, startProcess } from "./process.ts";

const deadlineMs = 10_000;
const pollMs = 10; // only while it starts: no event for the existence of a socket works on every file system

/**
 * Starts a process that goes on when this one ends, in a session of its own, with no file open on which it could block.
 * Resolves when `readyFile` exists. A file that a killed predecessor left is removed first.
 */
export async function startDetached(
  program: string,
  args: readonly string[],
  readyFile: string,
): Promise<string> {
  await rm(readyFile, { force: true });
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
    if (end) throw endedAtOnce(program, args, end);
    if (await exists(readyFile)) return "";
    await delay(pollMs);
  }
  child.kill();
  throw new KubespanError("command", `${program} did not open ${readyFile} within ${deadlineMs / 1000} s`);
}

function endedAtOnce(program: string, args: readonly string[], end: End): KubespanError {
  if (end.startError === "ENOENT") return notInstalled(program);
  const how = end.startError ?? `it ended with ${end.signal ?? end.exitCode}`;
  return new KubespanError("command", `${program} ${args.join(" ")} ended at once: ${how}`);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
