import { z } from "zod";
import { readSaved } from "../../barrier/effects/index.ts";
import {
  hostPrefix,
  networkOf,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixesTouch,
} from "../../net/index.ts";
import { parseToolList } from "../../routing/index.ts";
import { probe } from "../../system/index.ts";
import type { Refusal } from "../index.ts";

const types = ["blackhole", "unreachable", "prohibit"] as const;
/** The largest number of networks to which the way is asked for. */
const mostAsked = 32;

const form = z.looseObject({ dst: z.string(), table: z.union([z.string(), z.number()]).optional() });

/** The networks that this node steered into the mesh last; none if it never did. */
export const steeredLast = async (stateDirectory: string): Promise<readonly Prefix[]> =>
  (await readSaved(stateDirectory).catch(() => undefined))?.targets ?? [];

/**
 * Finds routes that refuse what this node itself sends to a network that it steered last. The kernel looks for a route
 * before the table marks a packet for the mesh, and gives up where that one refuses. What pods send is marked before.
 */
export async function observeRefusals(stateDirectory: string, table: number): Promise<Refusal[]> {
  const targets = await steeredLast(stateDirectory);
  if (targets.length === 0) return [];
  const refusals = (
    await Promise.all(
      (["-4", "-6"] as const).flatMap((family) => types.map((type) => routesOf(family, type, table))),
    )
  ).flat();
  const candidates = targets.flatMap((target): Refusal[] => {
    const found = refusals.find(({ network }) => prefixesTouch(network, target));
    return found ? [{ route: found.text, target }] : [];
  });
  const asked = await Promise.all(
    candidates
      .slice(0, mostAsked)
      .map(async (refusal) => ({ refusal, isRefused: await isRefused(refusal.target) })),
  );
  return asked.flatMap(({ refusal, isRefused: refused }) => (refused ? [refusal] : []));
}

/** The routes of one type in any table but ours, in which the mesh has one of its own. */
async function routesOf(
  family: string,
  type: string,
  table: number,
): Promise<{ network: Prefix; text: string }[]> {
  const { stdout } = await probe("ip", family, "-j", "route", "show", "table", "all", "type", type);
  return parseToolList("ip route", stdout, form).flatMap((route) => {
    const { dst } = route;
    const all = family === "-4" ? "0.0.0.0/0" : "::/0";
    const address = parseAddress(dst);
    const network = address ? hostPrefix(address) : parsePrefix(dst === "default" ? all : dst);
    const isOurs = String(route.table) === String(table);
    const where = route.table === undefined ? "" : ` in table ${route.table}`;
    return network === undefined || isOurs ? [] : [{ network, text: `${type} ${dst}${where}` }];
  });
}

/** Whether the kernel refuses to send to a network, by its first address. */
async function isRefused(target: Prefix): Promise<boolean> {
  const { succeeded, isInstalled, isLate } = await probe("ip", "route", "get", networkOf(target));
  return isInstalled && !succeeded && !isLate;
}
