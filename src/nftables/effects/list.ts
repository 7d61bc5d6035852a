import { KubespanError } from "../../base/index.ts";
import type { Runner } from "../../system/index.ts";
import type { TableName } from "../transaction.ts";

/** What of a table is listed: all of it, all without what was counted and what is left of times, or its counters alone. */
const listings = {
  all: ["list", "table"],
  frame: ["-s", "list", "table"],
  counters: ["list", "counters", "table"],
} as const;

/** nft says so in one of two ways, depending on its version. */
const absent = /Error: (?:Could not process rule: )?No such file or directory/;

/** As nft prints it; `undefined` where there is no such table. Throws `KubespanError("command")` when nft cannot say. */
export async function listTable(
  run: Runner,
  table: TableName,
  what: keyof typeof listings,
): Promise<string | undefined> {
  try {
    // -n is left out, it would print `filter` as a number and names as ids.
    return await run({ program: "nft", args: [...listings[what], ...table.split(" ")] });
  } catch (error) {
    if (error instanceof KubespanError && absent.test(error.message)) return undefined;
    throw error;
  }
}
