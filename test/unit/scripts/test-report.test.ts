import * as fc from "fast-check";
import { expect, test } from "vitest";
import { failuresOfReport, tallyOfReport } from "../../../scripts/test-report.ts";

const report = (fields: object): string =>
  JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, ...fields });
const failedFile = (...statuses: string[]): object => ({
  status: "failed",
  assertionResults: statuses.map((status) => ({ status })),
});

test.each([
  ["all passed", report({ numPassedTests: 3 }), 0, "3/0/0"],
  ["skipped and todo tests are both skipped", report({ numPendingTests: 1, numTodoTests: 2 }), 0, "0/0/3"],
  ["a failed test", report({ numFailedTests: 1, testResults: [failedFile("failed", "passed")] }), 1, "0/1/0"],
  ["a file that did not load", report({ numPassedTests: 2, testResults: [failedFile()] }), 1, "2/1/0"],
  ["a bad exit with nothing failed", report({ numPassedTests: 2 }), 1, "2/1/0"],
  ["no report", undefined, 137, "0/1/0"],
  ["no report and no error", undefined, 0, "0/1/0"],
  ["no tests", report({}), 0, "0/1/0"],
  ["half a report", '{"numPassedTests": 4', 1, "0/1/0"],
])("%s", (_, text, exitCode, expected) => {
  const { passed, failed, skipped } = tallyOfReport(text, exitCode);
  expect(`${passed}/${failed}/${skipped}`).toBe(expected);
});

test("a suite that ended badly is never counted as clean, whatever it wrote", () => {
  const text = fc.oneof(fc.json(), fc.string());
  fc.assert(fc.property(text, (written) => tallyOfReport(written, 1).failed > 0));
});

test("failures are told with their file and the first line of what went wrong", () => {
  const failed = { status: "failed", fullName: "a name", failureMessages: ["Error: one\n    at two"] };
  const testResults = [
    {
      name: "/somewhere/test/unit/a.test.ts",
      status: "failed",
      assertionResults: [failed, { status: "passed" }],
    },
    {
      name: "/somewhere/test/unit/b.test.ts",
      status: "failed",
      message: "no such module",
      assertionResults: [],
    },
    { name: "/somewhere/test/unit/c.test.ts", status: "passed", assertionResults: [{ status: "passed" }] },
  ];
  expect(failuresOfReport(report({ testResults }))).toEqual([
    "test/unit/a.test.ts > a name: Error: one",
    "test/unit/b.test.ts: no such module",
  ]);
  expect(failuresOfReport(undefined)).toEqual([]);
});
