import type { Endpoint } from "../net/index.ts";
import { promising } from "./better-way.ts";
import { type Path, type Sight, withEndpoint } from "./path.ts";

/** The path after a probe or a move, wherever that has led. What was promising is no news any more. */
export function probeOver(
  path: Path,
  { promising: probed }: { readonly promising: readonly Endpoint[] },
  sight: Sight,
  now: number,
): Path {
  const ended = withEndpoint(path, sight, "the peer sends from there", now);
  const promisingNow = promising(sight.choices, ended.endpoint, sight.roundTrips);
  return { ...ended, known: [...new Set([...probed, ...promisingNow])] };
}
