import type { Logger } from "pino";
import { errorText } from "../base/index.ts";
import { observeCounts } from "../nftables/effects/index.ts";
import { type Counted, type ObservedTable, observedCounts } from "../nftables/index.ts";
import type { Runner } from "../system/index.ts";

/** What the table has counted by now, or had counted when it was last read, if it cannot be read now. Never rejects. */
export async function countedNow(
  { run, log }: { readonly run: Runner; readonly log: Logger },
  table: ObservedTable = { kind: "absent" },
): Promise<Counted> {
  try {
    return await observeCounts(run);
  } catch (error) {
    log.warn(errorText(error));
    return observedCounts(table);
  }
}
