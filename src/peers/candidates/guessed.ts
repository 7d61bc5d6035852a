import type { Endpoint } from "../../net/index.ts";
import { firstStandIns, isFirstOf } from "./joined.ts";
import type { StandIns } from "./stand-ins.ts";

const made = new WeakMap<
  ReadonlyMap<string, Endpoint>,
  { readonly from: StandIns | undefined; readonly it: StandIns }
>();

/**
 * What stands in, with the endpoints at which peers, named by their public keys, were found by guessing ports (ADR 0035). Such a
 * path is direct, and ends when the mapping does, so the endpoint is neither remembered nor told to others. The result is the
 * same object for as long as both values are.
 */
export function withGuessed(
  standIns: StandIns | undefined,
  guessed: ReadonlyMap<string, Endpoint> | undefined,
): StandIns | undefined {
  if (!guessed || guessed.size === 0) return standIns;
  const known = made.get(guessed);
  if (known && known.from === standIns) return known.it;
  const it: StandIns = { ...(standIns ?? { all: new Map(), of: () => [] }), guessed };
  const first = firstStandIns(standIns);
  if (first) isFirstOf(first, it);
  made.set(guessed, { from: standIns, it });
  return it;
}
