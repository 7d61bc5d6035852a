import { errorText } from "../base/index.ts";
import { observeCounts } from "../nftables/effects/index.ts";
import { type Counted, type ObservedTable, observedCounts } from "../nftables/index.ts";
import type { MeshParts } from "./mesh-parts.ts";

/** What the table has counted by now, or had counted when it was last read, if it cannot be read now. Never rejects. */
export async function countedNow(
  { run, log, config }: Pick<MeshParts, "run" | "log" | "config">,
  table: ObservedTable = { kind: "absent" },
): Promise<Counted> {
  try {
    return await observeCounts(run, config.interfaceName);
  } catch (error) {
    log.warn(errorText(error));
    return observedCounts(table);
  }
}
