import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished, vi } from "vitest";
import { runProcess, startProcess } from "../../../src/system/process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

it("a program is over when its time is, even if what it started keeps its output open", async () => {
  const fifo = join(await temporaryFolder(), "fifo");
  await promisify(execFile)("mkfifo", [fifo]);
  onTestFinished(() => writeFile(fifo, "end\n")); // what was started waits for it, and nothing else ends it
  const script = '{ read -r line <"$0"; } & exec sleep 1000';
  const { exitCode, signal, stopped } = await runProcess("sh", ["-c", script, fifo], 300);
  expect({ exitCode, signal, stopped }).toEqual({
    exitCode: undefined,
    signal: "SIGKILL",
    stopped: "too late",
  });
});

it("a program that is killed has ended by that signal, with the group that it leads", async () => {
  const child = await startProcess("sh", ["-c", "sleep 1000 & echo started; wait"], {
    stdin: "ignore",
    output: "pipe",
    hasOwnGroup: true,
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill();
  // The end of the output is waited for, so the other process is gone, too.
  expect(await child.ended).toEqual({ exitCode: undefined, signal: "SIGKILL" });
  child.kill(); // the process id may be another one's by now
});

it("a program gets the C locale, and no way to speak to the service manager", async () => {
  vi.stubEnv("NOTIFY_SOCKET", "/run/manager");
  vi.stubEnv("LC_ALL", "de_DE.UTF-8");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { stdout } = await runProcess("env", [], 10_000);
  expect(stdout).toMatch(/^LC_ALL=C$/m);
  expect(stdout).not.toContain("NOTIFY_SOCKET");
});
