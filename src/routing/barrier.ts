import type { Command, Step } from "../base/index.ts";
import type { Family } from "../net/index.ts";
import type { ObservedRoute } from "./routes.ts";

/**
 * The last route of the table: whatever is marked for the mesh and finds no link is refused. Without it a lookup in an
 * empty table goes on to the main one, and while the link is gone (wireguard-go was killed, somebody deleted it)
 * cluster traffic would leave in clear. Not wanted where the operator lets traffic to lost peers out.
 */
const metric = 0xff000000; // higher than anybody's, lower than the kernel's own last one

/** How `ip route` shows it. */
export const isBarrier = (route: Pick<ObservedRoute, "type" | "metric">): boolean =>
  route.type === "unreachable" && route.metric === metric;

/** Puts the barrier up before anything is steered, or takes it away after everything else. */
export function planBarrier(family: Family, table: number, isWanted: boolean, isThere: boolean): Step[] {
  if (isWanted === isThere) return [];
  const route = ["unreachable", "default", "table", String(table), "metric", String(metric)];
  const command = (verb: string): Command => ({
    program: "ip",
    args: [`-${family}`, "route", verb, ...route],
  });
  return isWanted
    ? [
        {
          stage: "grow",
          text: `let no IPv${family} packet for the mesh out elsewhere while the link is gone`,
          commands: [command("replace")],
        },
      ]
    : [
        {
          stage: "shrink",
          text: `lift the IPv${family} barrier in table ${table}`,
          commands: [command("del")],
        },
      ];
}
