import { KubespanError } from "../../base/index.ts";
import type { Runner } from "../../system/index.ts";
import { type Dropped, type ObservedTable, observedDropped, parseTable, tableName } from "../index.ts";

/** nft says so in one of two ways, depending on its version. */
const absent = /Error: (?:Could not process rule: )?No such file or directory/;

/** What the kernel holds. Throws `KubespanError("command")` when nft cannot say. */
export const observeTable = (run: Runner): Promise<ObservedTable> => listed(run, "table");

/** What the table has dropped by now, without reading all of it; nothing where there is none. Throws as `observeTable`. */
export const observeDropped = async (run: Runner): Promise<Dropped> =>
  observedDropped(await listed(run, "counters", "table"));

async function listed(run: Runner, ...what: readonly string[]): Promise<ObservedTable> {
  try {
    // -n is left out, it would print `filter` as a number and names as ids; -s, because the counters are wanted.
    return parseTable(await run({ program: "nft", args: ["list", ...what, ...tableName.split(" ")] }));
  } catch (error) {
    if (error instanceof KubespanError && absent.test(error.message)) return { kind: "absent" };
    throw error;
  }
}
