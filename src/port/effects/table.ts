import { endpointAddress, type Marks } from "../../net/index.ts";
import { listTable } from "../../nftables/effects/index.ts";
import { nftCommand, replacingText } from "../../nftables/index.ts";
import type { Runner } from "../../system/index.ts";
import { type Pin, type PlacedPin, parseSource } from "../pin.ts";
import { type RacingRules, racingTableNameOf, racingTableText } from "../rules.ts";

/** The listing of the table; `undefined` when there is none. Throws `KubespanError("command")`. */
export const observeRacingTable = (run: Runner, interfaceName: string): Promise<string | undefined> =>
  listTable(run, racingTableNameOf(interfaceName), "frame");

/**
 * Loads the table in place of whatever is there, and gives its listing. Throws `KubespanError("command")` where nft
 * cannot do it.
 */
export async function loadRacingTable(run: Runner, rules: RacingRules): Promise<string | undefined> {
  await run(nftCommand(replacingText(racingTableNameOf(rules.interfaceName), racingTableText(rules))));
  return observeRacingTable(run, rules.interfaceName);
}

/** Deletes the table if there is one. */
export async function deleteRacingTable(run: Runner, interfaceName: string): Promise<void> {
  await run(nftCommand(replacingText(racingTableNameOf(interfaceName))));
}

/**
 * Adds to each pin the address from which WireGuard's packets leave for its endpoint, as the routes are now. A pin to
 * an endpoint to which no route leads is left out: WireGuard could not send there either.
 */
export async function placePins(run: Runner, pins: readonly Pin[], marks: Marks): Promise<PlacedPin[]> {
  const mark = String(marks.fromWireGuard);
  const placed = await Promise.all(
    pins.map(async (pin) => {
      const args = ["-j", "route", "get", endpointAddress(pin.to), "mark", mark];
      const source = parseSource(await run({ program: "ip", args }).catch(() => ""));
      return source === undefined ? [] : [{ ...pin, source }];
    }),
  );
  return placed.flat();
}
