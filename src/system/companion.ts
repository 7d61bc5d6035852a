import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

/**
 * Starts a program that runs beside this one, in the C locale. However this process ends, the kernel ends the other one
 * too (setpriv, whose `ENOENT` the `error` event may tell). It is in a group of its own: Ctrl-C is for the daemon alone,
 * and it can be killed with all that it runs.
 */
export const startCompanion = (program: string, args: readonly string[]): ChildProcessWithoutNullStreams =>
  spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], {
    stdio: "pipe",
    detached: true,
    env: { ...process.env, LC_ALL: "C" },
  });
