import { KubespanError } from "../../system/error.ts";
import type { Runner } from "../../system/run.ts";
import { type ObservedTable, parseTable, tableName } from "../index.ts";

/** nft says so in one of two ways, depending on its version. */
const absent = /Error: (?:Could not process rule: )?No such file or directory/;

/** What the kernel holds. Throws `KubespanError("command")` when nft cannot say. */
export async function observeTable(run: Runner): Promise<ObservedTable> {
  try {
    // -s: without counters and other state; -n is left out, it would print `filter` as a number and names as ids.
    return parseTable(await run({ program: "nft", args: ["-s", "list", "table", ...tableName.split(" ")] }));
  } catch (error) {
    if (error instanceof KubespanError && absent.test(error.message)) return { kind: "absent" };
    throw error;
  }
}
