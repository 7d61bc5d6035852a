import { mkdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { Lab } from "../lab/index.ts";
import type { Namespace } from "../lab/namespace.ts";
import { tableNameOf } from "../src/nftables/index.ts";
import { type Change, changes, everything, type Table, tables } from "./change/tables.ts";
import { median, percentile, printReport, progress, type Report, type Row } from "./report.ts";

/**
 * Measures the cost for the table of a change of the mesh: in our table, in one interval set, and in a table that is
 * rebuilt each time.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    peers: { type: "string" },
    repetitions: { type: "string" },
    /** The folder that gets change.json. */
    write: { type: "string" },
  },
});
const sizes = (values.peers ?? (values.quick ? "10,300" : "10,100,300,1000,3000")).split(",").map(Number);
const repetitions = Number(values.repetitions ?? (values.quick ? "3" : "11"));

const reading = "reading";
const fileOf = (change: Change): string => `/run/${changes.indexOf(change)}`;

/** The milliseconds of each change in each table. All tables take one turn before the next repetition. */
async function measure(peers: number): Promise<Map<string, number[]>> {
  const lab = await Lab.open();
  try {
    // nft reads all interval sets before it changes any, so each table has its own host.
    const hosts = new Map<Table, Namespace>();
    for (const table of tables) hosts.set(table, (await lab.node(table.name.replaceAll(" ", "-"))).namespace);
    const found = new Map<string, number[]>();
    const timed = async (name: string, host: Namespace, ...command: string[]): Promise<void> => {
      const start = performance.now();
      await host.run(...command);
      found.set(name, [...(found.get(name) ?? []), performance.now() - start]);
    };
    for (const [table, host] of hosts) {
      for (const change of changes) await host.write(fileOf(change), table.script(change, peers));
      await host.write("/run/nothing", "");
      await host.run("nft", "-f", fileOf(everything));
    }
    for (let turn = 0; turn < repetitions; turn++) {
      progress(`${peers} peers, turn ${turn + 1} of ${repetitions}`);
      for (const [{ name }, host] of hosts) {
        if (name !== "ours") continue;
        await timed(nothing, host, "nft", "-f", "/run/nothing");
        await timed(reading, host, "nft", "-s", "list", "table", ...tableNameOf("kubespan").split(" "));
      }
      for (const change of changes)
        for (const [table, host] of hosts)
          await timed(keyOf(change.name, table.name), host, "nft", "-f", fileOf(change));
    }
    return found;
  } finally {
    await lab.close();
  }
}

const nothing = "nothing";
const keyOf = (change: Change["name"], table: Table["name"]): string => `${change} ${table}`;

const spread = (numbers: readonly number[], digits: number): string => {
  const [low, high] = [percentile(numbers, 0.1), percentile(numbers, 0.9)];
  return `${median(numbers).toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
};

function rowsOf(peers: number, found: ReadonlyMap<string, readonly number[]>): Row[] {
  return changes.map(({ name }) => {
    const rebuilt = found.get(keyOf(name, "rebuilt")) ?? [];
    const times = (table: Table["name"]): readonly number[] => found.get(keyOf(name, table)) ?? [];
    const ratio = (table: Table["name"]): string =>
      spread(
        times(table).map((time, turn) => time / (rebuilt[turn] ?? time)),
        2,
      );
    return {
      change: name,
      peers,
      "nft alone ms": spread(found.get(nothing) ?? [], 1),
      "ours ms": spread(times("ours"), 1),
      "one interval set ms": spread(times("one interval set"), 1),
      "rebuilt ms": spread(rebuilt, 1),
      "reading ours ms": spread(found.get(reading) ?? [], 1),
      "ours of rebuilt": ratio("ours"),
      "interval of rebuilt": ratio("one interval set"),
    };
  });
}

const measured: Row[] = [];
for (const peers of sizes) measured.push(...rowsOf(peers, await measure(peers)));

const report: Report = {
  name: "change",
  repetitions,
  rows: changes.flatMap(({ name }) => measured.filter((row) => row["change"] === name)),
  notes: [
    "Each peer has a node address and a pod network of both families. Time of one transaction, from the start of the nft that carries it out to its end; median (tenth to ninetieth percentile).",
    "nft alone: the same with nothing to do. reading ours: nft lists the table, as the daemon does before it changes it.",
    ...tables.map(({ name, tellApart }) => `${name}: ${tellApart}.`),
    "Ratios are of times of the same turn: 0.1 is ten times as fast as building the table anew.",
  ],
};
if (values.write !== undefined) {
  await mkdir(values.write, { recursive: true });
  await writeFile(`${values.write}/change.json`, `${JSON.stringify(report, null, 2)}\n`);
}
printReport(report);
