import { KubespanError } from "../../base/index.ts";
import type { Runner } from "../../system/index.ts";
import type { TableName } from "../transaction.ts";

/**
 * The parts of a table that can be listed: all, all without counts and remaining times, that without what is in its sets,
 * or the counters alone.
 */
const listings = {
  all: ["list", "table"],
  frame: ["-s", "list", "table"],
  rules: ["-s", "-t", "list", "table"],
  counters: ["list", "counters", "table"],
} as const;

/** The two messages, of different versions, by which nft says that there is no such table. */
const absent = /Error: (?:Could not process rule: )?No such file or directory/;

/** Lists a table; `undefined` if there is none. Throws `KubespanError("command")` if nft cannot tell. */
export async function listTable(
  run: Runner,
  table: TableName,
  what: keyof typeof listings,
): Promise<string | undefined> {
  try {
    // The option -n is left out, because it would print `filter` as a number and names as ids.
    return await run({ program: "nft", args: [...listings[what], ...table.split(" ")] });
  } catch (error) {
    if (error instanceof KubespanError && absent.test(error.message)) return undefined;
    throw error;
  }
}

/** Lists a set as JSON. Throws `KubespanError("command")` if nft cannot tell, also because there is none. */
export const listSet = (run: Runner, table: TableName, set: string): Promise<string> =>
  run({ program: "nft", args: ["-j", "list", "set", ...table.split(" "), set] });

/** Tells whether a set has an element. Throws `KubespanError("command")` if nft cannot tell. */
export async function hasElement(
  run: Runner,
  table: TableName,
  set: string,
  element: string,
): Promise<boolean> {
  try {
    await run({ program: "nft", args: ["get", "element", ...table.split(" "), set, `{ ${element} }`] });
    return true;
  } catch (error) {
    if (error instanceof KubespanError && absent.test(error.message)) return false;
    throw error;
  }
}
