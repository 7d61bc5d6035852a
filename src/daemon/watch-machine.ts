import { errorText } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { watchKernel } from "../routing/effects/index.ts";
import type { Parts } from "./compose.ts";
import { Others } from "./others.ts";

interface Listener {
  /** Gives the configuration as it is now. */
  readonly config: () => Config;
  /** Called when something changed in the kernel; `isUrgent` if a part of the mesh may be missing. */
  readonly onChange: (isUrgent: boolean) => void;
}

/** What watches this machine for changes that others make. */
export interface MachineWatch {
  readonly others: Others;
  stop(): Promise<void>;
}

/** Watches the kernel for changes, and other software for what concerns the mesh. */
export function watchMachine(
  { run, log, transactions }: Pick<Parts, "run" | "log" | "transactions">,
  { config, onChange }: Listener,
): MachineWatch {
  const { interfaceName, marks, routing } = config();
  const ours = { interfaceName, marks, ...routing };
  const others = new Others({ run, log, ours, config });
  const watch = watchKernel({
    scope: ours,
    isSignature: transactions.isSignature,
    onChange,
    onOthers: () => others.request(),
    onError: (error) => log.warn(errorText(error)),
  });
  return {
    others,
    stop: async () => {
      await watch.stop();
      await others.stop();
    },
  };
}
