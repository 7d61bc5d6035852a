import { z } from "zod";
import { KubespanError, wordOf } from "../base/index.ts";
import { type Address, parseAddress } from "../net/index.ts";
import { parseToolList } from "./tool-json.ts";

/** The route that a packet takes, as the kernel tells it. */
export interface RouteTaken {
  /** The number of the routing table; absent for the main table. */
  readonly table?: number;
  readonly link?: string;
  readonly source?: Address;
  readonly gateway?: Address;
}

const routeForm = z.looseObject({
  dev: z.string().optional(),
  table: z.union([z.string(), z.number()]).optional(),
  prefsrc: z.string().optional(),
  gateway: z.string().optional(),
});

/** Reads `ip -j -N route get`. Throws `KubespanError("command")` for any other text. */
export function parseRouteTaken(text: string): RouteTaken {
  const [route] = parseToolList("ip route get", text, routeForm);
  if (!route) throw new KubespanError("command", "ip route get printed no route");
  const table = wordOf(route.table);
  const [source, gateway] = [route.prefsrc, route.gateway].map((each) => parseAddress(each ?? ""));
  return {
    ...(table !== undefined && { table }),
    ...(route.dev !== undefined && { link: route.dev }),
    ...(source !== undefined && { source }),
    ...(gateway !== undefined && { gateway }),
  };
}
