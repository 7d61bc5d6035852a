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

function count(report: string): Tally {
  const parsed = parse(report);
  const files = Array.isArray(parsed["testResults"]) ? parsed["testResults"].map(record) : [];
  const brokenFiles = files.filter(
    (file) => file["status"] === "failed" && !tests(file).some((test) => test["status"] === "failed"),
  );
  return {
    passed: number(parsed["numPassedTests"]),
    failed: number(parsed["numFailedTests"]) + brokenFiles.length,
    skipped: number(parsed["numPendingTests"]) + number(parsed["numTodoTests"]),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    return record(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function tests(file: Record<string, unknown>): Record<string, unknown>[] {
  return Array.isArray(file["assertionResults"]) ? file["assertionResults"].map(record) : [];
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : 0;
}
