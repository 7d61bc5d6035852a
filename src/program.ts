import { CommanderError } from "commander";
import { KubespanError } from "./base/index.ts";
import { complaintOf, createProgram } from "./cli/index.ts";
import { complain, onlyForwardSecrecy } from "./system/index.ts";

/** Runs the command of this process's command line. Gives the exit code: what the command set, else 0 for success, 1 for a defect of this program, and from 2 on one code for each kind of failure, as listed in docs/commands.md. */
export async function runProgram(): Promise<number> {
  // Deprecations of Node concern its libraries and who works on them, and are nothing that an operator can act on.
  process.noDeprecation = true;
  onlyForwardSecrecy();
  // Whoever reads our output may have seen enough, as `head` has.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(Number(process.exitCode ?? 0));
  });
  try {
    await createProgram().parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    complain(complaintOf(error));
    return error instanceof KubespanError ? error.exitCode : 1;
  }
}
