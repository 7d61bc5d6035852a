import { type Config, parseServiceURL, type ServiceConfig } from "../config/index.ts";
import { hostPortText, type LeftOut, parseAddress, unreachableKind } from "../net/index.ts";
import { isConnected, type Member, type Members } from "./member.ts";

/** What the name of a service ends with that the configuration does not name. */
const mark = " (told)";

/** Whether a registry is a discovery service of which only other nodes tell. */
export const isTold = ({ name }: { readonly name: string }): boolean => name.endsWith(mark);

/** The most services that are asked only because other nodes tell of them. */
const mostTold = 8;
/** The most of them on one host, so that no host has many places by having many ports. */
const mostPerHost = 2;

/** The services of which members tell, and the places that are not asked, with the reasons. */
export interface ToldServices {
  readonly services: readonly ServiceConfig[];
  readonly leftOut: readonly LeftOut[];
}

interface Candidate {
  /** The key of the member that tells of the service. */
  readonly key: string;
  /** The time since which the member claims anything without a break. */
  readonly since: number;
  readonly isConnected: boolean;
  readonly place: string;
  readonly location: NonNullable<ReturnType<typeof parseServiceURL>>;
}

/**
 * The discovery services of which members tell and the configuration does not. Only what a holder of the secret sealed
 * counts, and only services with a certificate of the cluster's authority are asked. Connected to or not, a member that
 * is remembered still tells of its service; but as members can be made up, those that are connected have the first
 * places. Each key tells of one service, and none that lies where no other node can be.
 */
export function servicesTold(
  members: Members,
  { services, discovery }: Pick<Config, "services" | "discovery">,
  now: number,
): ToldServices {
  const caFile = discovery?.authority;
  if (caFile === undefined) return { services: [], leftOut: [] };
  const own = discovery?.announce;
  const known = new Set([...services, ...(own ? [own] : [])].map(hostPortText));
  const candidates = [...members.values()].flatMap((member) => candidateOf(member, now) ?? []);
  const byKey = firstOfEach(candidates.toSorted(byAge), ({ key }) => key).toSorted(inOrder);
  const unknown = firstOfEach(byKey, ({ place }) => place).filter(({ place }) => !known.has(place));
  const asked: ServiceConfig[] = [];
  const leftOut: LeftOut[] = [];
  for (const { place, location } of unknown) {
    const reason = refusalOf(location.host, asked);
    if (reason === undefined) asked.push({ name: `${place}${mark}`, ...location, caFile });
    else leftOut.push({ value: place, reason });
  }
  return { services: asked, leftOut };
}

function candidateOf(member: Member, now: number): Candidate | undefined {
  const { nodeId, standing, sealed } = member;
  const location = standing === "released" ? undefined : parseServiceURL(sealed?.discoveryService ?? "");
  if (!location) return undefined;
  const key = sealed?.kubespan?.publicKey ?? nodeId;
  const since = Math.min(...member.claimedSince.values());
  return { key, since, isConnected: isConnected(member, now), place: hostPortText(location), location };
}

const byPlace = (one: Candidate, other: Candidate): number =>
  one.place < other.place ? -1 : Number(one.place > other.place);

/** The older claim first, as whoever copies a key also seems to be connected while its owner is. */
const byAge = (one: Candidate, other: Candidate): number =>
  Number(one.since > other.since) - Number(one.since < other.since) || byPlace(one, other);

/** Connected members first, and then by place, which is the same on every node. */
const inOrder = (one: Candidate, other: Candidate): number =>
  Number(other.isConnected) - Number(one.isConnected) || byPlace(one, other);

function firstOfEach<Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[] {
  const named = new Map<string, Item>();
  for (const item of items) if (!named.has(nameOf(item))) named.set(nameOf(item), item);
  return [...named.values()];
}

/** The reason why a service on this host is not asked besides others; `undefined` if it is. */
function refusalOf(host: string, asked: readonly ServiceConfig[]): string | undefined {
  const address = parseAddress(host);
  const kind = address === undefined ? localName(host) : unreachableKind(address);
  if (kind !== undefined) return `no other node can be there: it is ${kind}`;
  if (asked.filter((each) => each.host === host).length >= mostPerHost)
    return `${mostPerHost} services of one host are asked at most`;
  return asked.length >= mostTold
    ? `${mostTold} services of which members tell are asked at most`
    : undefined;
}

/** The names that stand for the loopback addresses everywhere (RFC 6761). */
const localName = (host: string): string | undefined =>
  /(^|\.)localhost\.?$/i.test(host) ? "a name of this machine" : undefined;
