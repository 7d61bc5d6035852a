import { errorText } from "../../base/index.ts";
import { type Endpoint, endpointAddress, type Family, type Marks } from "../../net/index.ts";
import { listSet, listTable } from "../../nftables/effects/index.ts";
import { nftCommand, parseTable, replacingText, type TableName } from "../../nftables/index.ts";
import { parseSource } from "../../port/index.ts";
import type { Runner } from "../../system/index.ts";
import { parseEndpoints } from "../proof.ts";
import {
  membersText,
  type PlacedWay,
  type RelayedWay,
  type RelayRules,
  relayedCounter,
  relayTablesOf,
  relayTableText,
  waysText,
} from "../rules.ts";

const families: readonly Family[] = [4, 6];

/**
 * The tables for relaying that there are, each with its rules, without what is in its sets. Throws
 * `KubespanError("command")`.
 */
export async function observeRelayTables(
  run: Runner,
  interfaceName: string,
): Promise<ReadonlyMap<TableName, string>> {
  const tables: readonly TableName[] = Object.values(relayTablesOf(interfaceName));
  const found = await Promise.all(
    tables.map(async (table) => [table, await listTable(run, table, "rules")] as const),
  );
  return new Map(found.flatMap(([table, rules]) => (rules === undefined ? [] : [[table, rules] as const])));
}

/** Deletes the tables that there are. Throws `KubespanError("command")`. */
export async function deleteRelayTables(run: Runner, interfaceName: string): Promise<void> {
  for (const table of (await observeRelayTables(run, interfaceName)).keys())
    await run(nftCommand(replacingText(table)));
}

/** Loads a table and keeps what is in its maps, if it was made by rules like these. Throws `KubespanError("command")`. */
export async function loadRelayTable(run: Runner, rules: RelayRules): Promise<void> {
  const text = relayTableText(rules);
  const table = relayTablesOf(rules.interfaceName)[rules.family];
  await run(nftCommand(text)).catch(() => run(nftCommand(replacingText(table, text))));
}

export const changeMembers = async (
  run: Runner,
  table: TableName,
  change: { readonly come: readonly Endpoint[]; readonly gone: readonly Endpoint[] },
): Promise<void> => {
  await run(nftCommand(membersText(table, change)));
};

/** The members whose handshakes are copied. Gives none where nft cannot tell. */
export const membersIn = async (run: Runner, table: TableName): Promise<ReadonlySet<Endpoint>> =>
  new Set(parseEndpoints(await listSet(run, table, "members").catch((error: unknown) => errorText(error))));

/** Opens ways, with the source that this node has towards each end now. Throws where one of them is not reached. */
export async function openWays(
  run: Runner,
  table: TableName,
  ways: readonly RelayedWay[],
  marks: Marks,
): Promise<void> {
  const placed = await Promise.all(
    ways.map(async (way): Promise<PlacedWay> => {
      const args = ["-j", "route", "get", endpointAddress(way.to), "mark", String(marks.fromWireGuard)];
      const source = parseSource(await run({ program: "ip", args }));
      if (source === undefined) throw new Error(`there is no route to ${way.to}`);
      return { ...way, source };
    }),
  );
  await run(nftCommand(waysText(table, placed)));
}

/** The bytes of data that were passed on since the tables were made. Throws `KubespanError("command")`. */
export async function bytesRelayed(run: Runner, interfaceName: string): Promise<number> {
  const tables = Object.values(relayTablesOf(interfaceName));
  const found = await Promise.all(
    tables.map(async (table) => parseTable(await listTable(run, table, "counters"))),
  );
  return found.reduce(
    (sum, table) => sum + Number((table.kind === "present" && table.counts.get(relayedCounter)?.bytes) || 0n),
    0,
  );
}

/** The endpoints from which initiations came unasked. Gives none where nft cannot tell. */
export async function unaskedAt(run: Runner, interfaceName: string): Promise<readonly Endpoint[]> {
  const tables = relayTablesOf(interfaceName);
  const found = await Promise.all(
    families.map((family) =>
      listSet(run, tables[family], "unasked").catch((error: unknown) => errorText(error)),
    ),
  );
  return found.flatMap(parseEndpoints);
}
