import { expect } from "vitest";
import type { Routes } from "../../../src/api/index.ts";

const never = (): Promise<never> => Promise.reject(new Error("nobody asks for this"));

async function* none(): AsyncGenerator<never> {
  // There are no lines.
}

/** Routes that answer nothing, for tests of some of them. */
export const noAnswers: Routes = {
  status: never,
  down: never,
  forget: never,
  evict: never,
  rotateKey: never,
  nextSecret: () => expect.fail("nobody asks for this"),
  rotateSecret: never,
  why: never,
  netcheck: never,
  matrix: none,
  connectivity: none,
  logLevel: () => ({ level: "info" }),
  resources: { definitions: () => [], list: never, watch: never },
};
