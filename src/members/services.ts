import { type Config, parseServiceURL, type ServiceConfig } from "../config/index.ts";
import { hostPortText } from "../net/index.ts";
import type { Members } from "./member.ts";

/** What the name of a service ends with that the configuration does not name. */
const mark = " (told)";

/** Whether a registry is a discovery service of which only other nodes tell. */
export const isTold = ({ name }: { readonly name: string }): boolean => name.endsWith(mark);

/** The most services that are asked only because other nodes tell of them. */
const mostTold = 8;

/**
 * The discovery services of which members tell and the configuration does not. Only what a holder of the secret sealed
 * counts, and only services with a certificate of the cluster's authority are asked. Connected to or not, a member that
 * is remembered still tells of its service. The order is the same on every node.
 */
export function servicesTold(
  members: Members,
  { services, discovery }: Pick<Config, "services" | "discovery">,
): ServiceConfig[] {
  const caFile = discovery?.authority;
  if (caFile === undefined) return [];
  const own = discovery?.announce;
  const known = new Set([...services, ...(own ? [own] : [])].map(hostPortText));
  const told = [...members.values()]
    .filter(({ standing }) => standing !== "released")
    .flatMap(({ sealed }) => parseServiceURL(sealed?.discoveryService ?? "") ?? []);
  const byPlace = new Map(told.map((location) => [hostPortText(location), location] as const));
  return [...byPlace]
    .filter(([place]) => !known.has(place))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .slice(0, mostTold)
    .map(([place, location]) => ({ name: `${place}${mark}`, ...location, caFile }));
}
