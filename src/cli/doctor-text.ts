import { bySeverity, type Facts, type Finding, type Fix } from "../doctor/index.ts";
import { oneLine } from "./render.ts";

/** What `kubespan doctor` prints on a terminal: the worst findings first, and last, in one line each, what is in order. */
export function doctorText(facts: Facts, findings: readonly Finding[]): string {
  const sorted = bySeverity(findings);
  const bad = sorted.filter(({ severity }) => severity !== "ok");
  const well = sorted.filter(({ severity }) => severity === "ok");
  const sections = [
    `${facts.distribution.name}, Linux ${facts.kernel.release}, ${facts.flavours.join(" and ") || "no Kubernetes seen"}`,
    ...bad.map(findingText),
    well.map((finding) => line(finding)).join("\n"),
    `${count(bad, "error")}, ${count(bad, "warning")}, ${count(bad, "note")}, ${well.length} ok`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

const line = ({ severity, id, text }: Finding): string => `${severity.padEnd(8)} ${id}: ${oneLine(text)}`;
const indent = " ".repeat(9);
/** Further lines of what a tool said stand where none of ours begins, so that they cannot be taken for a remedy. */
const deeper = " ".repeat(6);

const findingText = (finding: Finding): string =>
  [
    line(finding),
    ...`seen: ${finding.evidence}`
      .split("\n")
      .map((each, at) => indent + (at === 0 ? "" : deeper) + oneLine(each)),
    ...fixLines(finding.fix ?? {}).map((each) => indent + oneLine(each)),
  ].join("\n");

const fixLines = ({ advice, commands = [], file }: Fix): string[] => [
  ...(advice === undefined ? [] : [`fix:  ${advice}`]),
  ...commands.map((command) => `now:  ${command}`),
  ...(file ? [`for good, in ${file.path}:`, ...file.lines.map((each) => `      ${each}`)] : []),
];

function count(findings: readonly Finding[], severity: Finding["severity"]): string {
  const number = findings.filter((finding) => finding.severity === severity).length;
  return `${number} ${severity}${number === 1 ? "" : "s"}`;
}
