import { pino } from "pino";
import { expect, test } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import { Failures } from "../../../src/daemon/failures.ts";

/** What the log was told: level, text, and whether there was a stack. */
function failures(level: string) {
  const lines: string[] = [];
  const write = (line: string): void => {
    const entry = JSON.parse(line) as { level: number; msg: string; err?: { stack?: string } };
    lines.push(`${entry.level} ${entry.msg}${entry.err?.stack === undefined ? "" : " +stack"}`);
  };
  return { lines, failures: new Failures(pino({ level }, { write })) };
}

const taken = () =>
  new KubespanError("command", "wg set kubespan failed after 12 ms: Address already in use", { hint: "why" });

test("what an operator can mend is one line, once, however often and whenever it fails", () => {
  const { lines, failures: told } = failures("info");
  for (let times = 0; times < 7; times++) told.tell(taken());
  told.tell(
    new KubespanError("command", "wg set kubespan failed after 9 ms: Address already in use", {
      hint: "why",
    }),
  );
  expect(lines).toEqual(["50 wg set kubespan failed after 12 ms: Address already in use (why)"]);
});

test("two commands of which a tool complains alike are one failure, and another complaint is another one", () => {
  const { lines, failures: told } = failures("info");
  for (const text of ["set a failed: in use", "set b failed: in use", "set b failed: no such device"])
    told.tell(new KubespanError("command", `wg ${text}`));
  expect(lines).toEqual(["50 wg set a failed: in use", "50 wg set b failed: no such device"]);
});

test("it is told that it is over, once, and said again when it comes back", () => {
  const { lines, failures: told } = failures("info");
  told.over();
  told.tell(taken());
  told.over();
  told.over();
  told.tell(taken());
  expect(lines.map((line) => line.slice(0, 20))).toEqual([
    "50 wg set kubespan f",
    "30 what failed befor",
    "50 wg set kubespan f",
  ]);
});

test("stacks are for debug, but that of a defect", () => {
  const { lines, failures: told } = failures("debug");
  told.tell(taken());
  told.tell(new TypeError("x is undefined"));
  expect(lines).toEqual([
    "50 wg set kubespan failed after 12 ms: Address already in use (why)",
    "20 where that came up +stack",
    "50 x is undefined +stack",
  ]);
});
