import { expect, test } from "vitest";
import { FakeKernel, fateOf } from "../../../lab/kernel/index.ts";
import { parseAddress } from "../../../src/net/index.ts";
import { changed, observed, outcomeOf } from "./observations.ts";
import { readRecorded } from "./recorded.ts";
import { script } from "./script.ts";
import { probed } from "./values.ts";

const recorded = readRecorded();

test("the fake kernel is after each command of the script what the real one is", async () => {
  const kernel = new FakeKernel({ clock: () => 0, answers: () => false });
  let before: Readonly<Record<string, unknown>> = {};
  for (const [at, step] of script.entries()) {
    const outcome = await outcomeOf(kernel.run, step.commands);
    expect(outcome, step.name).toBe(step.fails ? "failed" : "done");
    const clear = probed.filter((text) => {
      const address = parseAddress(text);
      return address !== undefined && fateOf(kernel, address) === "clear";
    });
    const now = { ...(await observed(kernel.run, kernel.read)), clear };
    expect(plain({ step: step.name, ...changed(before, now) })).toEqual(recorded[at]);
    before = now;
  }
  expect(recorded).toHaveLength(script.length);
});

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
