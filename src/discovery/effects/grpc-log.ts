import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";

/**
 * The library prints to standard error on its own. What it has to say reaches us as errors too, so it is silent unless
 * someone who looks for a fault asked it to speak.
 */
export function quietLibrary(): void {
  if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);
}
