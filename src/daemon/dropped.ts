import { errorText } from "../base/index.ts";
import { observeDropped } from "../nftables/effects/index.ts";
import { type Dropped, type ObservedTable, observedDropped } from "../nftables/index.ts";
import type { MeshParts } from "./mesh-parts.ts";

/**
 * The packets that the table has dropped by now, or had dropped when it was last read, if it cannot be read now. Never
 * rejects.
 */
export async function droppedNow(
  { run, log, config }: Pick<MeshParts, "run" | "log" | "config">,
  table: ObservedTable = { kind: "absent" },
): Promise<Dropped> {
  try {
    return await observeDropped(run, config.interfaceName);
  } catch (error) {
    log.warn(errorText(error));
    return observedDropped(table);
  }
}
