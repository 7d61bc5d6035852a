import { runProcess } from "./process.ts";

/** The answer of a tool to a question. */
export interface Answer {
  readonly isInstalled: boolean;
  readonly succeeded: boolean;
  readonly stdout: string;
  /** The end of the tool's own words about its failure. */
  readonly complaint: string;
}

const timeoutMs = 5_000;
const longestComplaint = 300;

/** Asks a tool that may be missing or may refuse, and changes nothing. Never throws. */
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
