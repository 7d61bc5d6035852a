import { INPUT, KubespanError } from "../../base/index.ts";
import type { Marks } from "../../config/index.ts";
import { endpointAddress } from "../../net/index.ts";
import type { Runner } from "../../system/index.ts";
import { type Hold, type PlacedHold, parseSource } from "../hold.ts";
import { type RacingRules, racingTableName, racingTableText } from "../rules.ts";

const table = racingTableName.split(" ");
const absent = /Error: (?:Could not process rule: )?No such file or directory/;

/** The listing of the table, `undefined` when there is none. Throws `KubespanError("command")`. */
export async function observeRacingTable(run: Runner): Promise<string | undefined> {
  try {
    return await run({ program: "nft", args: ["-s", "list", "table", ...table] });
  } catch (error) {
    if (error instanceof KubespanError && absent.test(error.message)) return undefined;
    throw error;
  }
}

/** In place of whatever is there. Gives the listing. Throws `KubespanError("command")` where nft cannot do it. */
export async function loadRacingTable(run: Runner, rules: RacingRules): Promise<string | undefined> {
  const input = `add table ${racingTableName}\ndelete table ${racingTableName}\n${racingTableText(rules)}`;
  await run({ program: "nft", args: ["-f", INPUT], input });
  return observeRacingTable(run);
}

export async function deleteRacingTable(run: Runner): Promise<void> {
  const input = `add table ${racingTableName}\ndelete table ${racingTableName}\n`;
  await run({ program: "nft", args: ["-f", INPUT], input });
}

/**
 * With the address that WireGuard's packets to there leave from, as the routes are now. One that no route leads to is
 * left out: WireGuard could not send there either.
 */
export async function placeHolds(run: Runner, holds: readonly Hold[], marks: Marks): Promise<PlacedHold[]> {
  const mark = String(marks.fromWireGuard);
  const placed = await Promise.all(
    holds.map(async (hold) => {
      const args = ["-j", "route", "get", endpointAddress(hold.to), "mark", mark];
      const source = parseSource(await run({ program: "ip", args }).catch(() => ""));
      return source === undefined ? [] : [{ ...hold, source }];
    }),
  );
  return placed.flat();
}
