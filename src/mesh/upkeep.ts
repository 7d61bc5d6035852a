import type { Step } from "../base/index.ts";

/** What of ours in the kernel others may change. */
export type Part = "table" | "routing" | "link" | "settings";

/** Steps that lead to what is wanted of a part; as long as that is the same, `wanted` is. */
export interface Upkeep {
  readonly part: Part;
  readonly wanted: string;
  readonly steps: readonly Step[];
}

/** The same is wanted as before, and yet there was something to do: somebody else has changed it. */
export const repairsIn = (upkeep: readonly Upkeep[], before: ReadonlyMap<Part, string>): Upkeep[] =>
  upkeep.filter(({ part, wanted, steps }) => steps.length > 0 && before.get(part) === wanted);
