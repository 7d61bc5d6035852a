import { expect, test } from "vitest";
import { KubespanError } from "../../../src/base/index.ts";
import { complaintOf } from "../../../src/cli/index.ts";

test("a complaint has one line at the margin, whatever a tool or a file brought into it", () => {
  const error = new KubespanError("config", "the configuration has 2 problems:\nF:1:1: a\nkubespan: b", {
    hint: "correct the file\nand check it",
  });
  expect(complaintOf(error, "warning: ")).toBe(
    "kubespan: warning: the configuration has 2 problems:\n  F:1:1: a\n  kubespan: b\n  correct the file\n  and check it\n",
  );
});

test("a defect shows where it is", () => {
  expect(complaintOf(new TypeError("of undefined"))).toMatch(/^kubespan: TypeError: of undefined\n +at /);
});
