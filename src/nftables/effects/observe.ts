import type { Runner } from "../../system/index.ts";
import { type Counted, type ObservedTable, observedCounts, parseTable, tableNameOf } from "../index.ts";
import { listTable } from "./list.ts";

/** Reads the table of the mesh with this link from the kernel. Throws `KubespanError("command")` when nft cannot list it. */
export const observeTable = async (run: Runner, interfaceName: string): Promise<ObservedTable> =>
  parseTable(await listTable(run, tableNameOf(interfaceName), "all")); // the counters are wanted, too

/**
 * Reads what the table has counted by now without the rest of it; all counts are 0 where there is no table. Throws as
 * `observeTable` does.
 */
export const observeCounts = async (run: Runner, interfaceName: string): Promise<Counted> =>
  observedCounts(parseTable(await listTable(run, tableNameOf(interfaceName), "counters")));
