import { execa } from "execa";

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
  const result = await execa(program, args, {
    timeout: timeoutMs,
    reject: false,
    stdin: "ignore",
    maxBuffer: 16 * 1024 * 1024,
    env: { LC_ALL: "C" },
  });
  const complaint = result.stderr.trim() || (result.failed ? (result.shortMessage ?? "it failed") : "");
  return {
    isInstalled: result.code !== "ENOENT",
    succeeded: !result.failed,
    stdout: result.stdout,
    complaint: result.code === "ENOENT" ? `${program} is not installed` : complaint.slice(-longestComplaint),
  };
}
