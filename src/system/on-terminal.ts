import { type End, startProcess } from "./process.ts";

/** Runs a program that the operator works with, such as an editor, on the terminal of this process. */
export async function runOnTerminal(program: string, args: readonly string[]): Promise<End> {
  const standardInput = 0;
  return (await startProcess(program, args, { stdin: standardInput, output: "inherit" })).ended;
}
