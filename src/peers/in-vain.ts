import { aloneOf } from "./alone.ts";
import type { Connection } from "./connection.ts";
import { raceTimings } from "./timings.ts";

/**
 * Whether direct paths to a peer were tried in vain, so that what stands in for them is to be made ready. That takes a
 * moment, so it begins a round before the first one that would need it.
 */
export function isInVain(connection: Connection | undefined): boolean {
  if (connection?.phase !== "connecting" && connection?.phase !== "doubted") return false;
  const alone = connection.phase === "doubted" ? aloneOf(connection.counters, undefined).rounds : 0;
  const rounds = (connection.race?.rounds ?? 0) - alone;
  return rounds >= raceTimings.roundsDirect - 1 || (connection.attempt?.round ?? 0) >= 1;
}
