import { isDeepStrictEqual } from "node:util";
import type { Step } from "../base/index.ts";

/** What of ours in the kernel others may change. */
export type Part = "table" | "routing" | "link" | "settings";

/** Steps that lead to what is wanted of a part, and that itself: plain values, maps and sets. */
export interface Upkeep {
  readonly part: Part;
  readonly wanted: unknown;
  readonly steps: readonly Step[];
}

/** The same is wanted as before, and yet there was something to do: somebody else has changed it. */
export const repairsIn = (upkeep: readonly Upkeep[], before: ReadonlyMap<Part, unknown>): Upkeep[] =>
  upkeep.filter(
    ({ part, wanted, steps }) =>
      steps.length > 0 && before.has(part) && isDeepStrictEqual(before.get(part), wanted),
  );
