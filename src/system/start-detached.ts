import { spawn } from "node:child_process";
import { access, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { KubespanError, notInstalled } from "../base/index.ts";

const deadlineMs = 10_000;
const pollMs = 10; // start-up only: there is no event for "the socket is there" that works on every file system

/**
 * Starts a process that goes on when this one ends, in a session of its own, with no file open that it could block
 * on. Resolves when `readyFile` exists; a left-over file of a killed predecessor is removed first.
 */
export async function startDetached(
  program: string,
  args: readonly string[],
  readyFile: string,
): Promise<string> {
  await rm(readyFile, { force: true });
  const child = spawn(program, args, {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, LOG_LEVEL: "error" },
  });
  child.unref();
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = "code" in error && error.code === "ENOENT" ? "missing" : error.message;
  });
  child.once("exit", (code, signal) => {
    ended = `it ended with ${signal ?? code}`;
  });
  for (let waited = 0; waited < deadlineMs; waited += pollMs) {
    if (ended === "missing") throw notInstalled(program);
    if (ended !== undefined)
      throw new KubespanError("command", `${program} ${args.join(" ")} ended at once: ${ended}`);
    if (await exists(readyFile)) return "";
    await delay(pollMs);
  }
  child.kill("SIGKILL");
  throw new KubespanError("command", `${program} did not open ${readyFile} within ${deadlineMs / 1000} s`);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
