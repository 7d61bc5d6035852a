import { cpus, release } from "node:os";
import Table from "cli-table3";

/** One line of a result. An absolute time stands only beside a ratio from the same run. */
export type Row = Readonly<Record<string, string | number>>;

export interface Report {
  readonly name: string;
  readonly repetitions: number;
  readonly rows: readonly Row[];
  /** The notes that a reader needs to judge the figures. */
  readonly notes?: readonly string[];
}

/** Prints a table, or one JSON object if `--json` is among the arguments, on standard output. */
export function printReport(report: Report, args: readonly string[] = process.argv.slice(2)): void {
  if (args.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ ...report, machine: machine() })}\n`);
    return;
  }
  const head = [...new Set(report.rows.flatMap((row) => Object.keys(row)))];
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...report.rows.map((row) => head.map((name) => row[name] ?? "")));
  const lines = [
    `${report.name}: ${report.repetitions} repetitions on ${machine()}`,
    table.toString(),
    ...(report.notes ?? []),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

const cell = (value: string | number): string =>
  /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);

/** Prints the rows as CSV, with a line of names first. */
export function printCsv({ rows }: Report): void {
  const head = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [head, ...rows.map((row) => head.map((name) => row[name] ?? ""))];
  process.stdout.write(lines.map((line) => `${line.map(cell).join(",")}\n`).join(""));
}

/** Reports progress on standard error, so that standard output holds nothing but the result. */
export const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const machine = (): string =>
  `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Linux ${release()}, Node ${process.version}`;

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** The value below which a share of all lies (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
