import { isDeepStrictEqual } from "node:util";
import type { Step } from "../base/index.ts";

/** The parts of the mesh in the kernel that others may change. */
export type Part = "table" | "routing" | "link" | "settings";

/** A part, what is wanted of it, and the steps that lead there. `wanted` consists of plain values, maps and sets. */
export interface Upkeep {
  readonly part: Part;
  readonly wanted: unknown;
  readonly steps: readonly Step[];
}

/** The parts that somebody else has changed: the same is wanted as before, and yet there are steps. */
export const repairsIn = (upkeep: readonly Upkeep[], before: ReadonlyMap<Part, unknown>): Upkeep[] =>
  upkeep.filter(
    ({ part, wanted, steps }) =>
      steps.length > 0 && before.has(part) && isDeepStrictEqual(before.get(part), wanted),
  );
