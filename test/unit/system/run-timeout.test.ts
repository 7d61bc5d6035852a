import { expect, test } from "vitest";
import { run } from "../../../src/system/run.ts";
import { thrownBy } from "../thrown-by.ts";

/** In a file of its own, so that the other tests do not wait for it. */
test("a program that does not end is ended, and the error says so", async () => {
  const error = await thrownBy(run({ program: "ip", args: ["monitor", "link"] }));
  expect(error).toMatchObject({ code: "command", message: "ip monitor link did not finish within 20 s" });
});
