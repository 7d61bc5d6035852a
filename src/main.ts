import { stateDirectoryNow } from "./config/effects/index.ts";
import { useCompiled } from "./system/index.ts";

// Node opens its inspector at SIGUSR1 unless something handles that signal. The launcher forbids it too; this line protects
// a process that was started without the launcher.
process.on("SIGUSR1", () => undefined);

/** The configuration of a daemon that is to run; `undefined` for all else. The command line is checked later, by its library. */
function configOfRun([command, ...options]: readonly string[]): string | undefined {
  if (command !== "run" || options.includes("--dry-run")) return undefined;
  const at = options.findIndex((option) => option === "-c" || option === "--config");
  return at === -1 ? "/etc/kubespan/config.yaml" : options[at + 1];
}

// A daemon's start is what is waited for, so it takes what it can from the start before, which is decided before the
// program itself is loaded.
const config = configOfRun(process.argv.slice(2));
const state = config === undefined ? undefined : stateDirectoryNow(config);
if (state !== undefined) useCompiled(state, import.meta.filename);

void import("./program.ts")
  .then(({ runProgram }) => runProgram())
  .then((exitCode) => {
    process.exitCode = exitCode;
  });
