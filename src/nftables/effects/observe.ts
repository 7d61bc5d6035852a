import type { Runner } from "../../system/index.ts";
import { type Counted, type ObservedTable, observedCounts, parseTable, tableName } from "../index.ts";
import { listTable } from "./list.ts";

/** Reads the table from the kernel. Throws `KubespanError("command")` when nft cannot list it. */
export const observeTable = async (run: Runner): Promise<ObservedTable> =>
  parseTable(await listTable(run, tableName, "all")); // the counters are wanted, too

/**
 * Reads what the table has counted by now without the rest of it; all counts are 0 where there is no table. Throws as
 * `observeTable` does.
 */
export const observeCounts = async (run: Runner): Promise<Counted> =>
  observedCounts(parseTable(await listTable(run, tableName, "counters")));
