import { promising } from "./better-path.ts";
import type { Move, Probe } from "./connection.ts";
import { type Path, type Sight, withEndpoint } from "./path.ts";

/** The path after a probe or a move, wherever that has led. What was promising is no news any more. */
export function probeOver(path: Path, probe: Probe | Move, sight: Sight, now: number): Path {
  const ended = withEndpoint(path, sight, "the peer sends from there", now);
  const promisingNow = promising(sight.choices, ended.endpoint, sight.roundTrips);
  const isHere = "stage" in probe && probe.stage === "here";
  const known = [...new Set([...probe.promising, ...promisingNow])];
  return { ...ended, known, seenAt: now, ...(!isHere && { overAt: now }) };
}
