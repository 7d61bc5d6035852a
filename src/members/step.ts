import type { Heard } from "../discovery/index.ts";
import type { Prefix } from "../net/index.ts";
import { networksClaimed } from "./claim.ts";
import { type IsEvicted, keptOut, letOut } from "./evicted.ts";
import { type Believed, believe } from "./hear.ts";
import type { MemberLink } from "./links.ts";
import { isConnected, type Known, labelOf, type Member, type Members } from "./member.ts";

/** The input of a step, apart from the members. */
export interface News {
  /** The number of this step. It is greater than that of any step before, so that it names the changes of this step. */
  readonly revision: number;
  readonly heard: readonly Heard[];
  /** The tunnels by public key. */
  readonly links: ReadonlyMap<string, MemberLink>;
  /** Proven farewells and requests of operators, by node id. */
  readonly leaving: ReadonlyMap<string, Leaving>;
  /** Absent if operators keep nobody out. */
  readonly isEvicted?: IsEvicted | undefined;
  /**
   * The node ids whose Node object Kubernetes deleted; empty if the operator does not take a deletion for a farewell.
   */
  readonly deletedNodes: ReadonlySet<string>;
  /**
   * Tells whether the registries have told all that they know. Until then, no member becomes absent because they did
   * not name it.
   */
  readonly mayBeAbsent: boolean;
  /** The milliseconds after which a member that is absent and unconnected is released. */
  readonly forgetAfterMs: number;
  /** Set if this node's clock is known to be behind, so that it cannot judge the dates of announcements. */
  readonly isClockBehind?: boolean;
}

/** A reason to release a member at once. */
export interface Leaving {
  readonly why: string;
  /** The number of the member when it left. Announcements up to this number are older than the farewell. */
  readonly number: number;
  /** The time up to which handshakes may still be from before. A newer one shows that the member is there. */
  readonly at: number;
}

/** A change that an operator may want to know about, reported once. */
export type MemberEvent = { readonly label: string; readonly nodeId: string } & (
  | { readonly kind: "joined" | "returned" }
  /** An `unlisted` member is connected although no registry names it; a `vanished` one is not connected either. */
  | { readonly kind: "unlisted" | "vanished" | "released"; readonly why: string }
);

export interface Stepped {
  readonly members: Members;
  readonly events: readonly MemberEvent[];
  /** The statements that were not believed, with the members that they are about. */
  readonly refused: readonly { readonly nodeId: string; readonly label: string; readonly reason: string }[];
}

/**
 * The largest number of members: as many as the discovery protocol allows in a cluster, and as many again that have
 * left or vanished.
 */
const mostMembers = 2048;

/**
 * Makes the members of now from those before and from what has been told since. It is pure, and the order does not
 * matter.
 */
export function stepMembers(before: Members, news: News, now: number): Stepped {
  const out = keptOut(before, news.heard, news.isEvicted);
  const heard = new Map(out.heard.map((each) => [each.nodeId, each]));
  const members = new Map<string, Member>();
  const events: MemberEvent[] = [];
  const refused: Stepped["refused"][number][] = [...out.refused];
  for (const nodeId of new Set([...before.keys(), ...heard.keys()])) {
    const known = before.get(nodeId);
    const { member, reasons } =
      known && out.evicted.has(nodeId)
        ? { member: letOut(known, now), reasons: [] }
        : stepOne(nodeId, known, heard.get(nodeId), news, now);
    if (!member) continue;
    members.set(nodeId, member);
    if (member === known && reasons.length === 0 && member.lostAt !== now) continue; // nothing to tell
    const label = labelOf(member.claim);
    for (const reason of reasons) refused.push({ nodeId, label, reason });
    events.push(...eventOf(known, member, label, now));
  }
  const kept = bounded(members, now);
  return { members: sameAs(before, kept), events, refused };
}

function stepOne(
  nodeId: string,
  known: Member | undefined,
  heard: Heard | undefined,
  news: News,
  now: number,
): { readonly member: Member | undefined; readonly reasons: readonly string[] } {
  const linked = known && withLink(known, news.links, now);
  const believed = believe(linked, heard, {
    isConnected: linked !== undefined && isConnected(linked, now),
    now,
    isClockBehind: news.isClockBehind === true,
  });
  if (!believed) return { member: undefined, reasons: [] };
  if (linked?.standing === "released" && !isBack(linked, believed)) return { member: linked, reasons: [] };
  if (linked && isStill(linked, believed, news)) return { member: linked, reasons: believed.refused };
  const current = withClaim(nodeId, linked, believed, news.revision, now);
  const member = withStanding(current, linked, believed, news, now);
  return { member: linked && isSame(linked, member) ? linked : member, reasons: believed.refused };
}

/** Tells whether a member was present and nothing else is heard of it, as it is with most members at most steps. */
const isStill = (
  known: Member,
  { claim, number, sealed, unsealed, isNamed }: Believed,
  { leaving }: News,
): boolean =>
  known.standing === "present" &&
  isNamed &&
  !leaving.has(known.nodeId) &&
  known.claim === claim &&
  known.number === number &&
  known.sealed === sealed &&
  known.unsealed === unsealed;

/**
 * Tells whether a released member is back. If it takes more than a registry that names the member, its number has to be
 * newer than its leaving, or its claim another one if the node has no numbers.
 */
const isBack = (released: Member & { standing: "released" }, { number, claim, isNamed }: Believed): boolean =>
  isNamed &&
  (released.until === "named" ||
    (released.number === 0 ? claim !== released.claim : number > released.number));

function withLink(before: Member, links: News["links"], now: number): Member {
  const key = before.claim.kubespan?.publicKey;
  const link = key === undefined ? undefined : links.get(key);
  const connectedAt = Math.min(now, Math.max(before.connectedAt ?? 0, link?.handshakeAt ?? 0));
  if (connectedAt === 0) return before;
  // What is known of a tunnel may be older than its last handshake, which shows that it carries something.
  const silentAt = connectedAt === before.connectedAt ? silenceOf(before, link) : undefined;
  const { silentAt: _before, ...member } = before;
  const isSame = connectedAt === before.connectedAt && silentAt === before.silentAt;
  const linked = isSame ? before : { ...member, connectedAt, ...(silentAt !== undefined && { silentAt }) };
  const isLost = !isConnected(linked, now) && (linked.lostAt ?? 0) < connectedAt;
  if (!isLost) return linked;
  const lostAfter = Math.min(now, Math.max(connectedAt, link?.heardAt ?? 0));
  return { ...linked, lostAt: now, lostAfter };
}

/** The bytes at which the tunnel fell silent; `undefined` if it is not silent, or has received more since then. */
function silenceOf({ silentAt }: Member, link: MemberLink | undefined): number | undefined {
  if (link?.isSilent) return silentAt ?? link.receivedBytes;
  return silentAt !== undefined && (link?.receivedBytes ?? 0) > silentAt ? undefined : silentAt;
}

function withClaim(
  nodeId: string,
  before: Member | undefined,
  believed: Believed,
  revision: number,
  now: number,
): Known {
  const { sealed, unsealed, claim, number } = believed;
  const isNew = before?.claim !== claim || number > before.number;
  return {
    nodeId,
    claim,
    revision: before?.claim === claim ? before.revision : revision,
    ...(sealed && { sealed }),
    ...(unsealed && { unsealed }),
    number,
    announcedAt: isNew ? now : before.announcedAt,
    claimedSince: before?.claim === claim ? before.claimedSince : since(before?.claimedSince, claim, now),
    ...(before?.connectedAt !== undefined && { connectedAt: before.connectedAt }),
    ...(before?.silentAt !== undefined && { silentAt: before.silentAt }),
    ...(before?.lostAt !== undefined && { lostAt: before.lostAt }),
    ...(before?.lostAfter !== undefined && { lostAfter: before.lostAfter }),
  };
}

const since = (
  before: ReadonlyMap<Prefix, number> | undefined,
  claim: Member["claim"],
  now: number,
): ReadonlyMap<Prefix, number> =>
  new Map(networksClaimed(claim).map((prefix) => [prefix, before?.get(prefix) ?? now]));

function withStanding(
  member: Known,
  before: Member | undefined,
  { isNamed, isAway }: Believed,
  { leaving, deletedNodes, mayBeAbsent, forgetAfterMs }: News,
  now: number,
): Member {
  const { nodeId } = member;
  const left = leaving.get(nodeId);
  if (left && left.number >= member.number && (member.connectedAt ?? 0) <= left.at)
    return { ...member, number: left.number, ...released(left.why, "renewed", now) };
  if (isNamed || (before?.standing === "present" && !mayBeAbsent)) return { ...member, standing: "present" };
  const why = isAway ? "Kubernetes hears nothing of its machine" : "no registry names it any more";
  if (isConnected(member, now)) return absent(member, before, why, now);
  if (deletedNodes.has(nodeId))
    return { ...member, ...released("Kubernetes deleted its Node", "named", now) };
  const gone = absent(member, before, why, now);
  const unseenFor = now - Math.max(gone.since, member.connectedAt ?? 0);
  if (unseenFor < forgetAfterMs) return gone;
  const hours = Math.round(forgetAfterMs / 3_600_000);
  return { ...member, ...released(`absent and unconnected for ${hours} hours`, "named", now) };
}

const released = (why: string, until: "named" | "renewed", now: number) =>
  ({ standing: "released", since: now, why, until }) as const;

const absent = (
  member: Known,
  before: Member | undefined,
  why: string,
  now: number,
): Member & { standing: "absent" } => {
  const goneSince = before?.standing === "absent" ? before.since : now;
  return { ...member, standing: "absent", since: goneSince, why };
};

function eventOf(known: Member | undefined, member: Member, label: string, now: number): MemberEvent[] {
  const isNew = known?.standing !== member.standing;
  const about = { label, nodeId: member.nodeId };
  if (member.standing === "present") return isNew ? [{ ...about, kind: known ? "returned" : "joined" }] : [];
  const { why } = member;
  if (member.standing === "released") return isNew && known ? [{ ...about, kind: "released", why }] : [];
  if (isConnected(member, now)) return isNew ? [{ ...about, kind: "unlisted", why }] : [];
  return isNew || member.lostAt === now ? [{ ...about, kind: "vanished", why }] : [];
}

const age = (member: Member): number => (member.standing === "present" ? member.announcedAt : member.since);

/**
 * Bounds the members. Those that are or were connected are kept before mere names, and of the rest those that were gone
 * longest are dropped first.
 */
function bounded(members: Map<string, Member>, now: number): Members {
  if (members.size <= mostMembers) return members;
  const worth = (member: Member): number =>
    (member.standing === "present" ? 4 : member.standing === "absent" ? 2 : 0) +
    (member.connectedAt === undefined ? 0 : 1) +
    (isConnected(member, now) ? 8 : 0);
  const sorted = [...members.values()].sort((a, b) => worth(b) - worth(a) || age(b) - age(a));
  const kept = new Set(sorted.slice(0, mostMembers).map(({ nodeId }) => nodeId));
  return new Map([...members].filter(([nodeId]) => kept.has(nodeId)));
}

const isSame = (one: Member, other: Member): boolean => {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof Member>;
  return [...keys].every((key) => one[key] === other[key]);
};

/** Gives the map of before if it holds the same, so that results derived from it are made again only after a change. */
const sameAs = (before: Members, after: Members): Members =>
  before.size === after.size && [...after].every(([nodeId, member]) => before.get(nodeId) === member)
    ? before
    : after;
