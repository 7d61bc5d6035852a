import { expect, test } from "vitest";
import { onceFor } from "../../../src/base/index.ts";

test("a result is worked out once for each value, also where there is none", () => {
  let asked = 0;
  const sizeOf = onceFor((list: readonly number[]): number | undefined => {
    asked++;
    return list[0];
  });
  const [one, none] = [[1], []];
  for (let time = 0; time < 3; time++) expect([sizeOf(one), sizeOf(none)]).toEqual([1, undefined]);
  expect(asked).toBe(2);
  expect(sizeOf([1])).toBe(1);
  expect(asked).toBe(3);
});
