import { runProcess } from "./process.ts";

/** What became of a tool that was asked something. */
export interface Answer {
  readonly isInstalled: boolean;
  readonly succeeded: boolean;
  readonly stdout: string;
  /** Why it failed, in the tool's words; the last of them. */
  readonly complaint: string;
}

const timeoutMs = 5_000;
const longestComplaint = 300;

/** Asks a tool that may be missing or may refuse, and changes nothing by it. Never throws. */
export async function probe(program: string, ...args: string[]): Promise<Answer> {
  const result = await runProcess(program, args, timeoutMs);
  const succeeded = result.exitCode === 0 && !result.stopped;
  const complaint =
    result.stderr.trim() || (succeeded ? "" : `it ended with ${result.exitCode ?? "a signal"}`);
  return {
    isInstalled: result.startError !== "ENOENT",
    succeeded,
    stdout: result.stdout,
    complaint:
      result.startError === "ENOENT" ? `${program} is not installed` : complaint.slice(-longestComplaint),
  };
}
