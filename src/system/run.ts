import { type Command, INPUT, KubespanError, notInstalled, Secret } from "../base/index.ts";
import { InputFile, standardInput } from "./input-file.ts";
import { type Ended, hasSucceeded, type RunProgram, runProcess } from "./process.ts";
import { startDetached } from "./start-detached.ts";

/** Runs a command and gives its standard output. Throws `KubespanError("command")` if it fails or takes too long. */
export type Runner = (command: Command) => Promise<string>;

const timeoutMs = 20_000;

/** Makes a runner that starts programs by `runProgram`. */
export const runnerWith =
  (runProgram: RunProgram): Runner =>
  async (command) => {
    const { program, args, detached, input } = command;
    if (detached) return startDetached(program, args, detached);
    if (input === undefined) return outputOf(command, await runProgram(program, args, timeoutMs));
    const file = new InputFile(input instanceof Secret ? input.revealBase64() : input);
    try {
      const words = args.map((argument) => (argument === INPUT ? standardInput : argument));
      return outputOf(command, await runProgram(program, words, timeoutMs, file.descriptor));
    } finally {
      file.close();
    }
  };

export const run: Runner = runnerWith(runProcess);

function outputOf(command: Command, result: Ended): string {
  if (hasSucceeded(result)) return result.stdout;
  const line = `${command.program} ${command.args.slice(0, 4).join(" ")}`;
  if (result.startError === "ENOENT") throw notInstalled(command.program);
  if (result.stopped === "too late")
    throw new KubespanError("command", `${line} did not finish within ${timeoutMs / 1000} s`);
  if (result.stopped) throw new KubespanError("command", `${line} printed more than can be read`);
  const status = result.startError ?? `it ended with ${result.exitCode ?? "a signal"}`;
  const complaint = result.stderr.trim() || status;
  const isTaken = command.program === "wg" && complaint.includes("Address already in use");
  throw new KubespanError("command", `${line} failed: ${complaint}`, isTaken ? { hint: takenPort } : {});
}

const takenPort = "another program has the UDP port of WireGuard: 'kubespan doctor' names it";
