import { execa } from "execa";

export interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, whatever its exit code. */
export async function attempt(argv: readonly string[], input?: string): Promise<Result> {
  const [program = "", ...args] = argv;
  const result = await execa(program, args, {
    reject: false,
    stripFinalNewline: false,
    env: { LC_ALL: "C" },
    ...(input === undefined ? { stdin: "ignore" } : { input }),
  });
  const { exitCode = 127, stdout, stderr } = result;
  return { exitCode, stdout, stderr: stderr || (result.failed ? (result.shortMessage ?? "") : "") };
}

/** Runs a command and gives its output. Throws if it fails. */
export async function output(argv: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await attempt(argv, input);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode}: ${stderr.trim()}`);
  return stdout;
}

/** What a command prints for people, with the lines that it broke to fit a terminal joined again. */
export const unbroken = (text: string): string => text.replace(/\n +/g, " ");
