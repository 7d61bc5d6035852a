/** The number of tests, of one suite or of all, by result. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const nothing: Tally = { passed: 0, failed: 0, skipped: 0 };

export function sum(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

export function tallyText(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`;
}

/**
 * Counts the tests in vitest's JSON report. A file that failed without a failed test, because it did not load or a hook
 * threw, counts as one failure. So does a suite that failed without a failed test, or that left no complete report.
 */
export function tallyOfReport(report: string | undefined, exitCode: number): Tally {
  const counted = report === undefined ? nothing : count(report);
  const silentFailure = exitCode !== 0 && counted.failed === 0;
  const empty = counted.passed + counted.failed + counted.skipped === 0;
  return silentFailure || empty ? sum(counted, { ...nothing, failed: 1 }) : counted;
}

/**
 * A line for each failure in vitest's JSON report: the file, the test and the first line of what went wrong. Of an output
 * of which only the end is kept, the end says what failed.
 */
export const failuresOfReport = (report: string | undefined): string[] =>
  filesOf(parse(report ?? "")).flatMap((file) => {
    const name = text(file["name"]).replace(/^.*\/(?=test\/)/, "");
    if (isBroken(file)) return `${name}: ${firstLine(file["message"])}`;
    return tests(file)
      .filter(hasFailed)
      .map(({ fullName, failureMessages }) => {
        const [message] = Array.isArray(failureMessages) ? (failureMessages as readonly unknown[]) : [];
        return `${name} > ${text(fullName)}: ${firstLine(message)}`;
      });
  });

const hasFailed = (test: Record<string, unknown>): boolean => test["status"] === "failed";

/** A file that failed without a failed test. */
const isBroken = (file: Record<string, unknown>): boolean => hasFailed(file) && !tests(file).some(hasFailed);

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const firstLine = (value: unknown): string => text(value).split("\n", 1).join("").slice(0, 400);

function count(report: string): Tally {
  const parsed = parse(report);
  const brokenFiles = filesOf(parsed).filter(isBroken);
  return {
    passed: number(parsed["numPassedTests"]),
    failed: number(parsed["numFailedTests"]) + brokenFiles.length,
    skipped: number(parsed["numPendingTests"]) + number(parsed["numTodoTests"]),
  };
}

function parse(report: string): Record<string, unknown> {
  try {
    return record(JSON.parse(report));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

const filesOf = (report: Record<string, unknown>): Record<string, unknown>[] =>
  Array.isArray(report["testResults"]) ? report["testResults"].map(record) : [];

function tests(file: Record<string, unknown>): Record<string, unknown>[] {
  return Array.isArray(file["assertionResults"]) ? file["assertionResults"].map(record) : [];
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : 0;
}
