import { errorText } from "../base/index.ts";
import { observeCounts } from "../nftables/effects/index.ts";
import { type Counted, type ObservedTable, observedCounts } from "../nftables/index.ts";
import type { MeshParts } from "./mesh-parts.ts";
import type { Ways } from "./ways.ts";

/**
 * What the table has counted by now, or had counted when it was last read, if it cannot be read now. The relay reads its own
 * counter, too. Never rejects.
 */
export async function countedNow(
  { run, log, config }: Pick<MeshParts, "run" | "log" | "config">,
  { relaying }: Pick<Ways, "relaying">,
  table: ObservedTable = { kind: "absent" },
): Promise<Counted> {
  await relaying.count();
  try {
    return await observeCounts(run, config.interfaceName);
  } catch (error) {
    log.warn(errorText(error));
    return observedCounts(table);
  }
}
