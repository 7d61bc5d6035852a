import { Command, CommanderError } from "commander";
import { KubespanError, version } from "./base/index.ts";
import {
  registerBarrier,
  registerDiscoveryServe,
  registerDoctor,
  registerDown,
  registerForget,
  registerGenConfig,
  registerRun,
  registerStatus,
  registerValidate,
} from "./cli/index.ts";
import { complain, onlyForwardSecrecy } from "./system/index.ts";

// The launcher tells Node not to open an inspector at this signal; whoever starts this file without it is as safe.
process.on("SIGUSR1", () => undefined);
onlyForwardSecrecy();

const program = new Command("kubespan")
  .description("One encrypted WireGuard mesh for the nodes of a Kubernetes cluster, wherever they are")
  .version(version, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .showHelpAfterError("(--help tells how it is used)")
  .exitOverride();

// Each loads what it needs when it is called.
for (const register of [
  registerRun,
  registerDown,
  registerForget,
  registerStatus,
  registerGenConfig,
  registerValidate,
  registerDoctor,
  registerBarrier,
  registerDiscoveryServe,
])
  register(program);

/** What a command left as its result, else 0: done; 1: a defect of this program; 2 and up: see the README, one code for each kind of failure. */
async function main(): Promise<number> {
  try {
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof KubespanError)) {
      complain(`kubespan: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      return 1;
    }
    complain(`kubespan: ${indented(error.message)}\n`);
    if (error.hint !== undefined) complain(`  ${indented(error.hint)}\n`);
    return error.exitCode;
  }
}

/** What a tool printed may have many lines: only the first one looks like a message of ours. */
const indented = (text: string): string => text.replaceAll("\n", "\n  ");

void main().then((exitCode) => {
  process.exitCode = exitCode;
});
