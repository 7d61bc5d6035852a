import { expect, test } from "vitest";
import { filesIn, textOf } from "./source.ts";

/** The linter holds it too, but not for what is loaded later, by `import(...)`. */
test("programs are started in one file alone", () => {
  const starters = filesIn("src").filter((file) => /"(?:(?:node:)?child_process|execa)"/.test(textOf(file)));
  expect(starters).toEqual(["src/system/process.ts"]);
});
