import { expect, test } from "vitest";
import { filesIn, textOf } from "./source.ts";

/** A literal between other quotes that holds "kubespan something". */
const doubled =
  /(?:^|[\s(:[+])'[^'\n]*"kubespan [a-z -]+"[^'\n]*'|`[^`\n]*[ (]"kubespan [a-z -]+"|\\"kubespan [a-z]/m;

test("messages quote commands in one way, as 'kubespan status'", () => {
  expect(`hint: '"kubespan status" lists the peers'`).toMatch(doubled);
  expect(filesIn("src").filter((file) => doubled.test(textOf(file)))).toEqual([]);
});
