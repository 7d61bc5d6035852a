import { expect, it } from "vitest";
import { type Part, repairsIn, type Upkeep } from "../../../src/mesh/index.ts";

const map = (value: number) => ({ map: new Map([["a", value]]) });
const step = { stage: "grow", text: "do something", commands: [] } as const;

it.each<[string, [Part, unknown][], Upkeep, boolean]>([
  ["the same is wanted", [["table", "a"]], { part: "table", wanted: "a", steps: [step] }, true],
  ["and it is there", [["table", "a"]], { part: "table", wanted: "a", steps: [] }, false],
  ["something else is wanted", [["table", "a"]], { part: "table", wanted: "b", steps: [step] }, false],
  ["the same of another part", [["link", "a"]], { part: "table", wanted: "a", steps: [step] }, false],
  [
    "the same is wanted, as another object",
    [["table", map(1)]],
    { part: "table", wanted: map(1), steps: [step] },
    true,
  ],
  ["another map is wanted", [["table", map(1)]], { part: "table", wanted: map(2), steps: [step] }, false],
  ["nothing was wanted before", [], { part: "table", wanted: "a", steps: [step] }, false],
])("a repair: %s", (_name, before, upkeep, isRepair) => {
  expect(repairsIn([upkeep], new Map(before))).toEqual(isRepair ? [upkeep] : []);
});
