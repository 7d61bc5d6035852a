import type { Prefix } from "../net/index.ts";
import type { Claim } from "./claims.ts";
import { connectedForMs, isConnected, type Members } from "./member.ts";

/** How a member stands, for deciding who owns what two members claim. Times in ms since 1970. */
export interface Standing {
  /** A handshake within three minutes. */
  readonly isConnected: boolean;
  /** It has announced anew since it was last down (true if it never was down). */
  readonly isConfirmed: boolean;
  /** When it last announced something anew. */
  readonly announcedAt: number;
  /** Since when it has claimed each network without withdrawing it (addresses as host prefixes). */
  readonly claimedSince: ReadonlyMap<Prefix, number>;
}

/** By node id; who is missing is not connected and has never announced anything. */
export type Standings = ReadonlyMap<string, Standing>;

const unknown: Standing = {
  isConnected: false,
  isConfirmed: false,
  announcedAt: 0,
  claimedSince: new Map(),
};

/** How all members stand. */
export const standingsOf = (members: Members, now: number): Standings =>
  new Map(
    [...members].map(([nodeId, member]) => {
      const { announcedAt, claimedSince, lostAt } = member;
      // It was lost at the latest when its last handshake was too old.
      const isConfirmed = lostAt === undefined || announcedAt > lostAt - connectedForMs;
      return [nodeId, { isConnected: isConnected(member, now), isConfirmed, announcedAt, claimedSince }];
    }),
  );

/** In which order equal claims are served, and what that says of the one who goes first. */
interface Criterion {
  readonly compare: (left: Claim, right: Claim, standings: Standings) => number;
  readonly reason: string;
}

/**
 * The one rule of who owns what two members claim alike. Nobody keeps what he took while its owner was down, and no
 * claim of somebody dead stands against one of somebody who is there. It is a total order, so there is one owner whatever
 * the order in which members are heard of.
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

/** Of claims on the same: negative if the left one owns it. 0 only for two of one member. */
export function compareClaims(left: Claim, right: Claim, standings: Standings): number {
  for (const { compare } of criteria) {
    const order = compare(left, right, standings);
    if (order !== 0) return order;
  }
  return 0;
}

/** What the owner has that the other one has not. */
export function whyOwned(owner: Claim, other: Claim, standings: Standings): string {
  const decisive = criteria.find(({ compare }) => compare(owner, other, standings) < 0);
  return decisive?.reason ?? "comes first";
}

/** All of a member's standing that can decide about its claim on these: as long as it is the same, so is the owner. */
export function standingText(standing: Standing = unknown, prefixes: readonly Prefix[]): string {
  if (!standing.isConnected) return `announced ${standing.announcedAt}`;
  const times = prefixes.map((prefix) => standing.claimedSince.get(prefix) ?? "never");
  return `connected ${standing.isConfirmed} ${times.join()}`;
}
