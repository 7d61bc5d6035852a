import type { Prefix } from "../net/index.ts";
import { connectedForMs, isConnected, type Members } from "./member.ts";
import type { Claim } from "./prefix-claim.ts";

/** The facts about a member that decide who owns what two members claim. Times are in milliseconds since 1970. */
export interface Standing {
  /** Tells whether there was a handshake within three minutes, and the tunnel is not known to be silent since then. */
  readonly isConnected: boolean;
  /** Tells whether the member has announced anew since it was last down; true if it never was. */
  readonly isConfirmed: boolean;
  /** Tells whether a registry names the member now. */
  readonly isNamed: boolean;
  /** The time of the last new announcement. */
  readonly announcedAt: number;
  /** The time since which each network has been claimed without a break. Addresses are host prefixes. */
  readonly claimedSince: ReadonlyMap<Prefix, number>;
}

/** The standings by node id. A member without one is not connected and has never announced anything. */
export type Standings = ReadonlyMap<string, Standing>;

const unknown: Standing = {
  isConnected: false,
  isConfirmed: false,
  isNamed: false,
  announcedAt: 0,
  claimedSince: new Map(),
};

/** The standings of all members. */
export const standingsOf = (members: Members, now: number): Standings =>
  new Map(
    [...members].map(([nodeId, member]) => {
      const { announcedAt, claimedSince, lostAt, lostAfter } = member;
      // What it announced while it was still heard may be what it has no more. A file of before does not tell that time.
      const isConfirmed = lostAt === undefined || announcedAt > (lostAfter ?? lostAt - connectedForMs);
      const isNamed = member.standing === "present";
      return [
        nodeId,
        { isConnected: isConnected(member, now), isConfirmed, isNamed, announcedAt, claimedSince },
      ];
    }),
  );

/** One step of the order of equal claims, and what it says of the owner. */
interface Criterion {
  readonly compare: (left: Claim, right: Claim, standings: Standings) => number;
  readonly reason: string;
}

/**
 * The one rule for two members that claim the same. No member keeps what it took while the owner was down, and the
 * claim of a dead member does not stand against that of a live one. It is a total order, so there is one owner whatever
 * the order in which the members became known.
 */
const criteria: readonly Criterion[] = [
  {
    compare: (left, right) => Number(right.isAddress === true) - Number(left.isAddress === true),
    reason: "has that address itself",
  },
  {
    compare: (left, right, standings) =>
      Number(of(standings, right).isConnected) - Number(of(standings, left).isConnected),
    reason: "is connected",
  },
  {
    compare: (left, right, standings) => {
      const [one, other] = [of(standings, left), of(standings, right)];
      return one.isConnected ? Number(other.isConfirmed) - Number(one.isConfirmed) : 0;
    },
    reason: "has announced itself since it was last down",
  },
  {
    compare: (left, right, standings) => {
      const [one, other] = [of(standings, left), of(standings, right)];
      return one.isConnected ? ascending(since(one, left), since(other, right)) : 0;
    },
    reason: "has asked for it longer",
  },
  {
    compare: (left, right, standings) => {
      const [one, other] = [of(standings, left), of(standings, right)];
      return one.isConnected ? 0 : Number(other.isNamed) - Number(one.isNamed);
    },
    reason: "is named by a registry now",
  },
  {
    compare: (left, right, standings) => {
      const [one, other] = [of(standings, left), of(standings, right)];
      return one.isConnected ? 0 : ascending(other.announcedAt, one.announcedAt);
    },
    reason: "announced itself later",
  },
  {
    compare: (left, right) => (left.nodeId < right.nodeId ? -1 : left.nodeId > right.nodeId ? 1 : 0),
    reason: "has the lower node id",
  },
];

const of = (standings: Standings, { nodeId }: Claim): Standing => standings.get(nodeId) ?? unknown;
const since = ({ claimedSince }: Standing, { prefix, asked = prefix }: Claim): number =>
  claimedSince.get(asked) ?? Number.POSITIVE_INFINITY;
const ascending = (left: number, right: number): number => (left < right ? -1 : left > right ? 1 : 0);

/**
 * Compares two claims on the same prefix: negative if the left one owns it, and 0 only for two claims of one member.
 */
export function compareClaims(left: Claim, right: Claim, standings: Standings): number {
  for (const { compare } of criteria) {
    const order = compare(left, right, standings);
    if (order !== 0) return order;
  }
  return 0;
}

/** The reason for the decision: what the owner has and the other member has not. */
export function whyOwned(owner: Claim, other: Claim, standings: Standings): string {
  const decisive = criteria.find(({ compare }) => compare(owner, other, standings) < 0);
  return decisive?.reason ?? "comes first";
}

/**
 * All of a member's standing that can decide about its claims on these prefixes, as text. The owner stays the same as
 * long as the text does.
 */
export function standingText(standing: Standing = unknown, prefixes: readonly Prefix[]): string {
  if (!standing.isConnected) return `announced ${standing.isNamed} ${standing.announcedAt}`;
  const times = prefixes.map((prefix) => standing.claimedSince.get(prefix) ?? "never");
  return `connected ${standing.isConfirmed} ${times.join()}`;
}
