import { describe, expect, it } from "vitest";
import {
  bySeverity,
  examine,
  exitCodeOf,
  type Finding,
  type Severity,
  worst,
} from "../../../src/doctor/index.ts";
import { cases } from "./cases.ts";
import { ipv6OnOneLink, soundNode } from "./node.ts";

describe("examine", () => {
  it("finds nothing to do on a sound node", () => {
    expect(examine(soundNode).filter(({ severity }) => severity !== "ok")).toEqual([]);
  });

  it.each(cases.map((each) => [each[0], each] as const))(
    "%s",
    (_name, [, difference, id, severity, says]) => {
      const found = examine({ ...soundNode, ...difference }).filter((finding) => finding.id === id);
      expect(found).toMatchObject([{ severity }]);
      if (says) expect(JSON.stringify(found)).toMatch(says);
    },
  );

  it("finds nothing to mend where IPv6 is off for all links and on for one, which the mesh carries", () => {
    const sysctls = new Map([
      ...(ipv6OnOneLink.sysctls ?? []),
      ["net/ipv6/conf/eth0/disable_ipv6", "0"],
      ["net/ipv6/conf/cni0/disable_ipv6", "1"],
    ]);
    const found = examine({ ...soundNode, ...ipv6OnOneLink, sysctls });
    expect(found.filter(({ severity }) => severity !== "ok")).toEqual([]);
  });

  it("tells what to do about every warning and error", () => {
    for (const [name, difference] of cases)
      for (const finding of examine({ ...soundNode, ...difference })) {
        expect(finding.evidence, `${name}: ${finding.id}`).not.toBe("");
        const isFixable = finding.severity === "warning" || finding.severity === "error";
        const explains = finding.fix !== undefined || finding.id.startsWith("discovery.");
        expect(!isFixable || explains, `${name}: ${finding.id}`).toBe(true);
      }
  });
});

const finding = (severity: Severity): Finding => ({ id: severity, severity, text: "", evidence: "" });

describe("severity", () => {
  it.each([
    [[], "ok", 0],
    [["ok", "note"], "note", 0],
    [["warning", "note"], "warning", 10],
    [["ok", "error", "warning"], "error", 11],
  ] as const)("of %j is %s, exit code %i", (severities, expected, code) => {
    const findings = severities.map(finding);
    expect([worst(findings), exitCodeOf(findings)]).toEqual([expected, code]);
  });

  it("of a node that doctor sees little of is that of missing root", () => {
    const findings = examine({ ...soundNode, userId: 1000 });
    expect([worst(findings), exitCodeOf(findings)]).toEqual(["error", 5]);
  });

  it("sorts the worst first", () => {
    const sorted = bySeverity((["ok", "error", "note", "warning"] as const).map(finding));
    expect(sorted.map(({ severity }) => severity)).toEqual(["error", "warning", "note", "ok"]);
  });
});
