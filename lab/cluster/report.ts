import Table from "cli-table3";
import type { Verdict } from "./verdict.ts";

export const formats = ["text", "json", "junit"] as const;
export type Format = (typeof formats)[number];

/** The ways of one cluster, as they were found. */
export interface Report {
  /** The cluster's CNI, proxy and mesh. */
  readonly cluster: string;
  readonly verdicts: readonly Verdict[];
}

const short: Readonly<Record<Verdict["seen"], string>> = {
  "through the mesh": "mesh",
  "stays on the node": "local",
  "in clear": "CLEAR",
};

/** Writes a report in a format, which ends with a line feed. */
export function written(report: Report, format: Format): string {
  if (format === "json") return `${JSON.stringify({ ...report, ...totals(report) }, undefined, 2)}\n`;
  return format === "junit" ? junit(report) : text(report);
}

/** Counts the ways of a report. */
export const totals = ({ verdicts }: Report) => ({
  ways: verdicts.length,
  answered: verdicts.filter(({ isAnswered }) => isAnswered).length,
  inClear: verdicts.filter(({ seen }) => seen === "in clear").length,
  asExpected: verdicts.filter(({ isGood }) => isGood).length,
});

function text(report: Report): string {
  const table = new Table({
    head: ["way", "expected", "seen", "answer", ""],
    style: { head: [], border: [], compact: true, "padding-left": 0 },
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      mid: "",
      "mid-mid": "",
      right: "",
      "right-mid": "",
      middle: " ",
    },
  });
  for (const { name, expected, seen, isAnswered, isGood } of report.verdicts)
    table.push([name, short[expected], short[seen], isAnswered ? "yes" : "no", isGood ? "" : "WRONG"]);
  const wrong = report.verdicts
    .filter(({ isGood }) => !isGood)
    .map(({ name, detail }) => `${name}:\n  ${detail}\n`);
  const { ways, answered, inClear, asExpected } = totals(report);
  const sum = `${answered} of ${ways} ways answered, ${inClear} in clear, ${asExpected} as expected`;
  return [report.cluster, table.toString().replace(/ +$/gm, ""), ...wrong, sum, ""].join("\n");
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const xml = (value: string): string =>
  value.replace(/[&<>"]/g, (char) => entities[char] ?? char).replace(/(?![\n\t])\p{Cc}/gu, "?");

function junit(report: Report): string {
  const { ways, asExpected } = totals(report);
  const cases = report.verdicts.map(({ name, expected, seen, isAnswered, isGood, detail }) => {
    const open = `  <testcase classname="${xml(report.cluster)}" name="${xml(name)}"`;
    if (isGood) return `${open}/>`;
    const message = `expected ${expected}, seen ${seen}, ${isAnswered ? "answered" : "not answered"}`;
    return `${open}>\n    <failure message="${xml(message)}">${xml(detail)}</failure>\n  </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${xml(report.cluster)}" tests="${ways}" failures="${ways - asExpected}">`,
    ...cases,
    "</testsuite>",
    "",
  ].join("\n");
}
