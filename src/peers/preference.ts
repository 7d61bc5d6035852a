import type { DialRules } from "../config/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  familyOf,
  isPrivate,
  type LeftOut,
  type Prefix,
  prefixContains,
} from "../net/index.ts";
import type { Tier } from "./better-way.ts";

/** What makes one candidate better than another. */
export interface Preferences {
  readonly dial: DialRules;
  /** Networks that this node's own links are on. */
  readonly ownNetworks: readonly Prefix[];
  /** Where this peer was last connected. */
  readonly lastWorking?: Endpoint | undefined;
}

/** A candidate and why it stands where it stands. */
export interface Ranked {
  readonly endpoint: Endpoint;
  readonly reason: string;
  /** Wherever the peer was connected before. */
  readonly tier: Tier;
}

const containing = (prefixes: readonly Prefix[], address: Address): Prefix | undefined =>
  prefixes.find((prefix) => prefixContains(prefix, address));

/** Why the configuration forbids a candidate. */
export function forbiddenBy(endpoint: Endpoint, { dial }: Preferences): string | undefined {
  const prefix = containing(dial.forbid, endpointAddress(endpoint));
  return prefix && `inside ${prefix}, which dial.forbid excludes`;
}

/**
 * The order in which candidates are dialled: what the operator prefers, where the peer was last connected, a shared
 * network, public IPv6, public IPv4 (reflected and harvested endpoints are among these), private networks of others, and
 * those that are `claimed` (with the reason) as part of another member's network. Equals stay in the order in which the peer announces them. With pinned ones among them, the others are refused.
 */
export function rank(
  candidates: readonly Endpoint[],
  preferences: Preferences,
  claimed: ReadonlyMap<Endpoint, string> = new Map(),
): { ranked: Ranked[]; refused: LeftOut[] } {
  const { pin } = preferences.dial;
  const pinned = candidates.filter((candidate) => containing(pin, endpointAddress(candidate)));
  const allowed = pinned.length > 0 ? pinned : candidates;
  const refused = candidates
    .filter((candidate) => !allowed.includes(candidate))
    .map((value) => ({ value, reason: "not in dial.pin, which has other endpoints of this peer" }));
  const ranked = allowed.map((endpoint) => ({ endpoint, ...standing(endpoint, preferences, claimed) }));
  ranked.sort((left, right) => left.place - right.place);
  return { ranked, refused };
}

/** Places of the classes, after as many preferred networks as a configuration may have. */
const classes = {
  lastWorking: 10_000,
  shared: 10_001,
  ipv6: 10_002,
  ipv4: 10_003,
  private: 10_004,
  claimed: 10_005,
};

function standing(
  endpoint: Endpoint,
  { dial, ownNetworks, lastWorking }: Preferences,
  claimed: ReadonlyMap<Endpoint, string>,
): { place: number; reason: string; tier: Tier } {
  const address = endpointAddress(endpoint);
  const preferred = containing(dial.prefer, address);
  if (preferred)
    return { place: dial.prefer.indexOf(preferred), reason: `in ${preferred} of dial.prefer`, tier: 0 };
  const shared = containing(ownNetworks, address);
  const tier = shared ? 1 : 2;
  if (endpoint === lastWorking) return { place: classes.lastWorking, reason: "connected there before", tier };
  if (shared) return { place: classes.shared, reason: `in ${shared}, a network of this node`, tier };
  const claim = claimed.get(endpoint);
  if (claim !== undefined) return { place: classes.claimed, reason: claim, tier };
  if (isPrivate(address)) return { place: classes.private, reason: "a private address", tier };
  return familyOf(address) === 6
    ? { place: classes.ipv6, reason: "a public IPv6 address", tier }
    : { place: classes.ipv4, reason: "a public IPv4 address", tier };
}
