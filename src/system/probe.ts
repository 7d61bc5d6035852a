import { type Ended, hasSucceeded, runProcess } from "./process.ts";

/** The answer of a tool to a question. */
export interface Answer {
  readonly isInstalled: boolean;
  readonly succeeded: boolean;
  /** Whether the tool was ended because it took too long. On a busy machine that says nothing about what was asked. */
  readonly isLate: boolean;
  readonly stdout: string;
  /** The end of the tool's own words about its failure. */
  readonly complaint: string;
}

const timeoutMs = 20_000;
const longestComplaint = 300;

/** Asks a tool that may be missing or may refuse, and changes nothing. Never throws. */
export async function probe(program: string, ...args: string[]): Promise<Answer> {
  return answerOf(`${program} ${args.join(" ")}`, program, await runProcess(program, args, timeoutMs));
}

/** The answer of a tool that has ended. `line` is the question, for its complaint. */
export function answerOf(line: string, program: string, result: Ended): Answer {
  const succeeded = hasSucceeded(result);
  const isMissing = result.startError === "ENOENT";
  return {
    isInstalled: !isMissing,
    succeeded,
    isLate: !succeeded && result.stopped === "too late",
    stdout: result.stdout,
    complaint: isMissing ? `${program} is not installed` : complaintOf(line, result, succeeded),
  };
}

function complaintOf(line: string, { stopped, stderr, exitCode }: Ended, succeeded: boolean): string {
  if (!succeeded && stopped === "too late") return `${line} did not finish within ${timeoutMs / 1000} s`;
  if (!succeeded && stopped) return `${line} printed more than can be read`;
  const words = stderr.trim() || (succeeded ? "" : `it ended with ${exitCode ?? "a signal"}`);
  return words.slice(-longestComplaint);
}
