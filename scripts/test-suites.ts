// Runs the checks, the builds and every suite (each script `test:NAME` of package.json), even after a failure, and ends
// with the line `N passed, N failed, N skipped`. The exit code is 1 unless everything ran and passed. Suites that compute run
// beside those that mostly wait; `--one-by-one` runs all after each other.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Table from "cli-table3";
import { execa } from "execa";
import { failuresOfReport, nothing, sum, type Tally, tallyOfReport, tallyText } from "./test-report.ts";

const root = join(import.meta.dirname, "..");
const reports = join(root, ".cache/test");
/**
 * The time at which all suites must have ended. CI gives up after 90 minutes, and a suite that hangs must leave time
 * for the others and for the result.
 */
const deadline = performance.now() + 85 * 60_000;
const suiteLimitMs = 60 * 60_000;

interface Outcome {
  readonly name: string;
  readonly tally: Tally;
  readonly seconds: number;
}

/** `log` gets the output, for a suite that runs beside others. */
async function npmRun(script: string, args: readonly string[] = [], log?: string): Promise<number> {
  console.log(`\n── npm run ${script}${log === undefined ? "" : ", beside the others"}`);
  const output = log === undefined ? "inherit" : ({ file: log, append: true } as const);
  const result = await execa("npm", ["run", "--silent", script, "--", ...args], {
    cwd: root,
    stdin: "ignore",
    stdout: output,
    stderr: output,
    env: { KUBESPAN_BUILT: "1", ...(process.stdout.isTTY ? {} : { NO_COLOR: "1" }) },
    reject: false,
    timeout: Math.max(60_000, Math.min(suiteLimitMs, deadline - performance.now())),
    forceKillAfterDelay: 30_000,
  });
  if (result.timedOut) console.log(`test: npm run ${script} took too long and was ended`);
  return result.exitCode ?? 1;
}

/** Runs a script that passes or fails as a whole. */
async function whole(script: string): Promise<Tally> {
  return (await npmRun(script)) === 0 ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 };
}

const reportOf = (script: string): string => join(reports, `${script.replace(":", "-")}.json`);

async function suite(script: string, log?: string): Promise<Tally> {
  const file = reportOf(script);
  await rm(file, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const exitCode = await npmRun(script, reporters, log);
  return tallyOfReport(await textOf(file), exitCode);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Runs a suite beside others, and prints what it said when it has ended. */
async function aside(script: string): Promise<Tally> {
  const log = join(reports, `${script.replace(":", "-")}.log`);
  await rm(log, { force: true });
  const tally = await suite(script, log);
  console.log(`\n── npm run ${script}, beside the others, has ended\n${(await textOf(log)) ?? ""}`);
  return tally;
}

async function inTurn(
  scripts: readonly string[],
  work: (script: string) => Promise<Tally>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const script of scripts) outcomes.push(await timed(script, work));
  return outcomes;
}

async function timed(name: string, work: (script: string) => Promise<Tally>): Promise<Outcome> {
  const start = performance.now();
  const tally = await work(name);
  return { name, tally, seconds: (performance.now() - start) / 1000 };
}

function table(outcomes: readonly Outcome[]): string {
  const rows = new Table({
    head: ["suite", "passed", "failed", "skipped", "seconds"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, tally, seconds } of outcomes)
    rows.push([name, tally.passed, tally.failed, tally.skipped, seconds.toFixed(1)]);
  return rows.toString();
}

const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
await mkdir(reports, { recursive: true });
const suites = Object.keys(manifest.scripts).filter((name) => name.startsWith("test:"));
/**
 * Suites that compute: emulated machines, archives that are compressed, and what starts no daemon. They run beside those in
 * namespaces, which wait more than they compute, and take about as long as these.
 */
const computing = [
  "test:vm",
  "test:packages",
  "test:unit",
  "test:etcd",
  "test:interop",
  "test:page",
  "test:debian13",
];
const busy = process.argv.includes("--one-by-one") ? [] : computing;
const outcomes = await inTurn(["check", "build", "build:programs"], whole);
const lanes = await Promise.all([
  inTurn(
    suites.filter((name) => !busy.includes(name)),
    suite,
  ),
  inTurn(
    suites.filter((name) => busy.includes(name)),
    aside,
  ),
]);
outcomes.push(...lanes.flat());

const failures = await Promise.all(
  suites.map(async (script) => failuresOfReport(await textOf(reportOf(script)))),
);
const total = outcomes.map((outcome) => outcome.tally).reduce(sum, nothing);
await writeFile(join(reports, "summary"), `${tallyText(total)}\n`);
console.log(["", ...failures.flat(), table(outcomes), tallyText(total)].join("\n"));
process.exitCode = total.failed > 0 || total.skipped > 0 ? 1 : 0;
