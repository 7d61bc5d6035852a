import { connect } from "./connecting.ts";
import type { Connection } from "./connection.ts";
import { doubt } from "./monitoring.ts";
import { probe, rest } from "./probing.ts";
import type { Step, View } from "./proposal.ts";
import { see } from "./seen.ts";
import { settle } from "./settling.ts";

/**
 * One poll of a peer. A session that is lost, and one of which something is missing, end any other phase; what goes on
 * otherwise is a matter of the phase. Pure: what costs packets is only proposed.
 */
export function step(before: Connection | undefined, view: View, now: number): Step {
  const seen = see(before, view, now);
  if (seen.is === "lost") return connect(seen, view, now);
  if (seen.is === "doubtful") return doubt(seen, view, now);
  if (!view.racing) return rest(seen, view, now);
  switch (before?.phase) {
    case undefined:
    case "connecting":
    case "doubted":
    case "up":
      return rest(seen, view, now);
    case "probing":
      return probe(before, seen, view, now);
    case "settling":
    case "returning":
      return settle(before, seen, view, now);
  }
}
