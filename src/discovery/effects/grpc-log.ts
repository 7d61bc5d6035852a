import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";

/**
 * Silences the library, which prints to standard error on its own. Its messages also reach the daemon as errors. An
 * operator who looks for a fault can switch it on again by GRPC_VERBOSITY.
 */
export function quietLibrary(): void {
  if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);
}
