import type { Runner } from "../../system/index.ts";
import { type Dropped, type ObservedTable, observedDropped, parseTable, tableName } from "../index.ts";
import { listTable } from "./list.ts";

/** Reads the table from the kernel. Throws `KubespanError("command")` when nft cannot list it. */
export const observeTable = async (run: Runner): Promise<ObservedTable> =>
  parseTable(await listTable(run, tableName, "all")); // the counters are wanted, too

/**
 * Reads what the table has dropped by now without the rest of it; all counts are 0 where there is no table. Throws as
 * `observeTable` does.
 */
export const observeDropped = async (run: Runner): Promise<Dropped> =>
  observedDropped(parseTable(await listTable(run, tableName, "counters")));
