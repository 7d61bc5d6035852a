import type { Kind } from "../../../src/resources/kind.ts";
import { kindOf } from "../../../src/resources/kind.ts";

/** A kind for tests, which draws nothing by itself. */
export const thing: Kind = kindOf({
  type: "Things.example",
  namespace: "tests",
  columns: { Size: "size" },
  inputs: [],
  description: "things of a test",
  draw: () => [],
});

export const drawn = (id: string, size: number) => ({ id, spec: { size } });
