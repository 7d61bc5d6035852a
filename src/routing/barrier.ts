import type { Command, Step } from "../base/index.ts";
import type { Family } from "../net/index.ts";
import type { ObservedRoute } from "./route.ts";

/**
 * The metric of the barrier, which is the last route of the table: it refuses packets that are marked for the mesh and
 * find no link. Without it a lookup in an empty table goes on to the main one, and while the link is gone (wireguard-go
 * was killed, or somebody deleted the link) cluster traffic would leave in clear. The barrier is not wanted where the
 * operator lets traffic to lost peers out.
 */
const metric = 0xff000000; // it is higher than anybody's, and lower than the kernel's own last one

/** Whether a route is the barrier, as `ip route` shows it. */
export const isBarrier = (route: Pick<ObservedRoute, "type" | "metric">): boolean =>
  route.type === "unreachable" && route.metric === metric;

/** Plans to put the barrier up before anything is steered, or to take it away after everything else. */
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
          text: `refuse IPv${family} packets for the mesh while the link is gone`,
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
