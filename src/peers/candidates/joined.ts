import type { StandIns } from "./stand-ins.ts";

const joined = new WeakMap<StandIns, WeakMap<StandIns, StandIns>>();
const firsts = new WeakMap<StandIns, StandIns>();

/** What stands in by two means, of which the first comes first. It is the same object for as long as both are. */
export function joinedStandIns(
  first: StandIns | undefined,
  last: StandIns | undefined,
): StandIns | undefined {
  if (!first || !last) return first ?? last;
  const known = joined.get(first)?.get(last);
  if (known) return known;
  const both: StandIns = {
    all: new Map([...first.all, ...last.all]),
    of: (publicKey) => [...first.of(publicKey), ...last.of(publicKey)],
  };
  joined.set(first, (joined.get(first) ?? new WeakMap<StandIns, StandIns>()).set(last, both));
  firsts.set(both, first);
  return both;
}

/** Notes that this was made of that and something else. */
export function isFirstOf(first: StandIns, made: StandIns): void {
  firsts.set(made, first);
}

/** The first part of what was joined; the whole of what was not. */
export const firstStandIns = (standIns: StandIns | undefined): StandIns | undefined =>
  standIns && (firsts.get(standIns) ?? standIns);
