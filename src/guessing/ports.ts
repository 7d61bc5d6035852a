import { guessLimits } from "./limits.ts";

/** The ports that NATs give out. Those below belong to services. */
const firstPort = 1_024;
const lastPort = 65_535;

/** Two ports that were given out one after the other are taken to be of one sequence if they are no farther apart. */
const sequenceSpan = 8 * guessLimits.openings;
const betweenTwo = 128;
/** An odd step, as some NATs give out even ports only. */
const step = 7;
const neighbours = 32;

/**
 * The ports to guess, in order. `seen` are ports that the NAT was seen to give out, the oldest first. A NAT that counts
 * has opened the others between two of them, or beside the last one; where it draws lots, any port is as good.
 * `below` draws a number from 0 up to its argument.
 */
export function portsToGuess(
  seen: readonly number[],
  below: (limit: number) => number,
  most: number = guessLimits.packets,
): readonly number[] {
  const chosen = new Set<number>();
  const choose = (port: number): void => {
    if (Number.isInteger(port) && port >= firstPort && port <= lastPort && chosen.size < most)
      chosen.add(port);
  };
  for (const port of likely(seen)) choose(port);
  const all = lastPort - firstPort + 1;
  while (chosen.size < Math.min(most, all)) {
    let drawn = below(all);
    while (chosen.has(firstPort + drawn)) drawn = (drawn + 1) % all; // it ends, whatever the lots are
    choose(firstPort + drawn);
  }
  return [...chosen];
}

function likely(seen: readonly number[]): readonly number[] {
  const between = seen.slice(1).flatMap((to, index) => {
    const from = seen[index] ?? to;
    const span = to - from;
    if (span < 2 || span > sequenceSpan) return [];
    const count = Math.min(betweenTwo, span - 1);
    return Array.from({ length: count }, (_, at) => from + Math.floor(((at + 1) * span) / (count + 1)));
  });
  const last = seen.at(-1);
  if (last === undefined) return between;
  const beside = Array.from({ length: neighbours }, (_, at) => [
    last + (at + 1) * step,
    last - (at + 1) * step,
  ]);
  return [...between, ...beside.flat()];
}
