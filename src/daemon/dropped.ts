import type { Logger } from "pino";
import { errorText } from "../base/index.ts";
import { observeDropped } from "../nftables/effects/index.ts";
import { type Dropped, type ObservedTable, observedDropped } from "../nftables/index.ts";
import type { Runner } from "../system/index.ts";

/**
 * The packets that the table has dropped by now, or had dropped when it was last read, if it cannot be read now. Never
 * rejects.
 */
export async function droppedNow(
  { run, log }: { readonly run: Runner; readonly log: Logger },
  table: ObservedTable = { kind: "absent" },
): Promise<Dropped> {
  try {
    return await observeDropped(run);
  } catch (error) {
    log.warn(errorText(error));
    return observedDropped(table);
  }
}
