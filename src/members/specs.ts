import type { DialRules } from "../config/config.ts";
import type { Affiliate, KubespanAffiliate } from "../discovery/affiliate.ts";
import {
  type Address,
  bitsOf,
  type Endpoint,
  hostPrefix,
  intersect,
  type LeftOut,
  networkOf,
  type Prefix,
  prefixContains,
  prefixFamily,
  subtract,
  unite,
  unreachableKind,
} from "../net/index.ts";
import {
  type CandidateRules,
  type PeerSpec,
  type Preferences,
  routedPrefixes,
  sortCandidates,
} from "../peers/index.ts";
import { type Claim, grantClaims } from "./claims.ts";

/** What this node keeps for itself, whatever a peer says. Plain data but for `lastWorking`: it is compared as JSON. */
export interface OwnSide {
  readonly nodeId: string;
  readonly publicKey: string;
  readonly address: Address;
  readonly addresses: readonly Address[];
  readonly advertisedPrefixes: readonly Prefix[];
  readonly clusterPrefix: Prefix;
  readonly widestPrefix: { readonly ipv4: number; readonly ipv6: number };
  readonly dial: DialRules;
  /** Networks that this node's links are on. */
  readonly networks: readonly Prefix[];
  /** By public key, where a peer was last connected. */
  readonly lastWorking: ReadonlyMap<string, Endpoint>;
}

export interface PeerSpecs {
  /** In order of node id. */
  readonly peers: readonly PeerSpec[];
  /** All that they may be sent, without KubeSpan addresses: the fewest prefixes, in order. */
  readonly networks: readonly Prefix[];
  /** Affiliates that are no peers, though they want to be. */
  readonly refused: readonly { readonly nodeId: string; readonly label: string; readonly reason: string }[];
}

type Member = Affiliate & { readonly kubespan: KubespanAffiliate };

/** From what specs were made; `side` is all of this node's side but where peers were last connected. */
interface Source {
  readonly affiliates: readonly Affiliate[];
  readonly side: string;
  readonly lastWorking: OwnSide["lastWorking"];
}

const sources = new WeakMap<PeerSpecs, Source>();

/**
 * Peers from affiliates (reference section 6): allowed IPs are addresses and additional addresses, without what the
 * peer excludes, and the ULA. The result does not depend on the order of the affiliates, and is `before` where that was
 * made from the same.
 */
export function peerSpecs(affiliates: readonly Affiliate[], own: OwnSide, before?: PeerSpecs): PeerSpecs {
  const { lastWorking, ...rest } = own;
  const source: Source = { affiliates, side: JSON.stringify(rest), lastWorking };
  if (before && isSame(source, sources.get(before))) return before;
  const specs = specsFrom(source, own);
  sources.set(specs, source);
  return specs;
}

const isSame = (left: Source, right: Source | undefined): boolean =>
  left.side === right?.side &&
  left.lastWorking === right.lastWorking &&
  left.affiliates.length === right.affiliates.length &&
  left.affiliates.every((affiliate, index) => affiliate === right.affiliates[index]);

function specsFrom({ affiliates, side }: Source, own: OwnSide): PeerSpecs {
  const { members, refused } = admit(affiliates, own);
  const asked = members.map((member) => ({ member, ...askedBefore(member, own, side) }));
  const claims = asked.flatMap((one) => one.claims);
  const grants = grantClaims(claims);
  const routed = routedPrefixes(claims, own.advertisedPrefixes);
  const rules: CandidateRules = { ownAddresses: new Set(own.addresses), routed };
  const peers = asked.map(({ member, refusedPrefixes }) => {
    const grant = grants.get(member.nodeId);
    return {
      nodeId: member.nodeId,
      label: labelOf(member),
      publicKey: member.kubespan.publicKey,
      address: member.kubespan.address,
      allowedIPs: grant?.prefixes ?? [],
      refusedPrefixes: [...refusedPrefixes, ...(grant?.refused ?? [])],
      ...sortCandidates(member.kubespan.endpoints, rules, preferencesFor(member, own)),
    };
  });
  return { peers, networks: meshNetworks(peers, own.clusterPrefix), refused };
}

/** What goes through the mesh to these peers, without KubeSpan addresses: the fewest prefixes, in order. */
export const meshNetworks = (peers: readonly PeerSpec[], clusterPrefix: Prefix): Prefix[] =>
  unite(
    peers
      .flatMap((peer) => peer.allowedIPs)
      .filter((prefix) => !prefixContains(clusterPrefix, networkOf(prefix))),
  );

const preferencesFor = ({ kubespan }: Member, own: OwnSide): Preferences => ({
  dial: own.dial,
  ownNetworks: own.networks,
  lastWorking: own.lastWorking.get(kubespan.publicKey),
});

/** The name that messages give a node. */
const labelOf = (affiliate: Affiliate): string =>
  affiliate.nodeName || affiliate.hostname || affiliate.nodeId.slice(0, 12);

/** Keys and ULAs must be unique: of two affiliates with the same one, the lower node id stays (lesson 19). */
function admit(
  affiliates: readonly Affiliate[],
  own: OwnSide,
): { members: Member[]; refused: PeerSpecs["refused"] } {
  const members: Member[] = [];
  const refused: PeerSpecs["refused"][number][] = [];
  const takenKeys = new Map([[own.publicKey, "this node"]]);
  const takenAddresses = new Map<Address, string>([[own.address, "this node"]]);
  const sorted = affiliates.filter(isMember).toSorted((left, right) => (left.nodeId < right.nodeId ? -1 : 1));
  for (const member of sorted) {
    const { publicKey, address } = member.kubespan;
    const reason = refusal(address, takenKeys.get(publicKey), takenAddresses.get(address), own.clusterPrefix);
    if (reason === undefined) {
      members.push(member);
      takenKeys.set(publicKey, labelOf(member));
      takenAddresses.set(address, labelOf(member));
    } else refused.push({ nodeId: member.nodeId, label: labelOf(member), reason });
  }
  return { members, refused };
}

const isMember = (affiliate: Affiliate): affiliate is Member => affiliate.kubespan !== undefined;

function refusal(
  address: Address,
  keyOwner: string | undefined,
  addressOwner: string | undefined,
  cluster: Prefix,
): string | undefined {
  if (!prefixContains(cluster, address))
    return `its KubeSpan address ${address} is not in this cluster's network ${cluster}`;
  if (keyOwner !== undefined) return `its public key is already that of ${keyOwner}`;
  if (addressOwner !== undefined) return `its KubeSpan address ${address} is already that of ${addressOwner}`;
  return undefined;
}

interface Asked {
  readonly claims: readonly Claim[];
  readonly refusedPrefixes: readonly LeftOut[];
}

/** What was asked for by affiliates that are still known; `side` is this node's side, on which it depends too. */
const known = new WeakMap<Member, Asked & { readonly side: string }>();

/** Affiliates that did not change stay the same objects: work is done for those that did. */
function askedBefore(member: Member, own: OwnSide, side: string): Asked {
  const before = known.get(member);
  if (before?.side === side) return before;
  const asked = askedPrefixes(member, own);
  known.set(member, { ...asked, side });
  return asked;
}

/** What one peer may ask for, before it is weighed against the other peers. */
function askedPrefixes(member: Member, own: OwnSide): Asked {
  const reserved: readonly (readonly [Prefix, string])[] = [
    ...own.addresses.map((address) => [hostPrefix(address), "this node's own address"] as const),
    ...own.advertisedPrefixes.map((prefix) => [prefix, "a network of this node"] as const),
    [own.clusterPrefix, "the network of the KubeSpan addresses"],
    ...member.kubespan.excludedNetworks.map((prefix) => [prefix, "excluded by the peer itself"] as const),
  ];
  const refusedPrefixes: LeftOut[] = [];
  const wanted = [...member.addresses.map(hostPrefix), ...member.kubespan.additionalAddresses];
  const granted = wanted.flatMap((prefix) => {
    const reason = unfit(prefix, own.widestPrefix);
    if (reason !== undefined) refusedPrefixes.push({ value: prefix, reason });
    return reason === undefined ? withoutReserved(prefix, reserved, refusedPrefixes) : [];
  });
  const { nodeId } = member;
  const claims = [...granted, hostPrefix(member.kubespan.address)].map((prefix) => ({
    nodeId,
    label: labelOf(member),
    prefix,
  }));
  return { claims, refusedPrefixes };
}

function unfit(prefix: Prefix, widest: OwnSide["widestPrefix"]): string | undefined {
  const limit = prefixFamily(prefix) === 4 ? widest.ipv4 : widest.ipv6;
  if (bitsOf(prefix) < limit) return `wider than /${limit}, the limit set by widestPrefix`;
  const kind = unreachableKind(networkOf(prefix));
  return kind === undefined ? undefined : `${kind}, which is never routed`;
}

function withoutReserved(
  prefix: Prefix,
  reserved: readonly (readonly [Prefix, string])[],
  refused: LeftOut[],
): readonly Prefix[] {
  const overlaps = reserved.filter(([other]) => touches(prefix, other));
  for (const [other, reason] of overlaps)
    for (const value of intersect([prefix], [other])) refused.push({ value, reason });
  return overlaps.length === 0
    ? [prefix]
    : subtract(
        [prefix],
        overlaps.map(([other]) => other),
      );
}

const touches = (left: Prefix, right: Prefix): boolean =>
  prefixContains(left, networkOf(right)) || prefixContains(right, networkOf(left));
