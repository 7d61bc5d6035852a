import type { Runner } from "../../system/index.ts";
import { type Dropped, type ObservedTable, observedDropped, parseTable, tableName } from "../index.ts";
import { listTable } from "./list.ts";

/** What the kernel holds. Throws `KubespanError("command")` when nft cannot say. */
export const observeTable = async (run: Runner): Promise<ObservedTable> =>
  parseTable(await listTable(run, tableName, "all")); // with counters: they are wanted

/** What the table has dropped by now, without reading all of it; nothing where there is none. Throws as `observeTable`. */
export const observeDropped = async (run: Runner): Promise<Dropped> =>
  observedDropped(parseTable(await listTable(run, tableName, "counters")));
