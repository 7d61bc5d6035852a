import { configOfRun, stateDirectoryNow } from "./config/effects/index.ts";
import { useCompiled } from "./system/index.ts";

// Node opens its inspector at SIGUSR1 unless something handles that signal. The launcher forbids it too; this line protects
// a process that was started without the launcher.
process.on("SIGUSR1", () => undefined);

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
