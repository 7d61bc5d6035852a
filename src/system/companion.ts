import { type Started, startProcess } from "./process.ts";

/**
 * Starts a program that runs beside this one. However this process ends, the kernel ends the program too. setpriv sees
 * to that; it may be missing (`ENOENT`).
 */
export async function startCompanion(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const child = await startProcess("setpriv", ["--pdeathsig", "KILL", program, ...args], {
    stdin: "pipe",
    output: "pipe",
    hasOwnGroup: true,
    env,
  });
  child.stdin.on("error", () => undefined); // the program died, as `ended` tells
  return child;
}
