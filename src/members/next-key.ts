import type { Affiliate, Heard } from "../discovery/index.ts";
import { isPublicKey } from "../discovery/index.ts";
import type { IsEvicted } from "./evicted.ts";
import type { Member, Members } from "./member.ts";
import type { KeyNotice } from "./notice.ts";

/** The key that a member is about to take, as it told through its tunnel, or that it has taken since. Keys are in base64. */
interface NextKey {
  readonly nodeId: string;
  /** The public key that the member had when it told. */
  readonly before: string;
  readonly publicKey: string;
  /** The number of the member's last announcement with the key before: up to it, that key means the next one. */
  readonly number: number;
  /** The time at which this node heard of it. */
  readonly at: number;
  /** Whether the member made a handshake with it. Only who has the private key can do that. */
  readonly isTaken: boolean;
}

/** The next keys by node id. */
export type NextKeys = ReadonlyMap<string, NextKey>;

/** The milliseconds for which WireGuard holds a next key beside the present one, in wait of a handshake. */
const awaitedMs = 60_000;
/** The most keys that are awaited at one time. Whoever comes beyond that is heard by way of the registries. */
const mostAwaited = 64;

/** What is known where a member tells of its next key. */
interface Circumstances {
  /** The member that tells. */
  readonly member: Member;
  readonly members: Members;
  /** The public key of this node. */
  readonly own: string;
  readonly isEvicted: IsEvicted;
}

/** Takes in what a member tells of its next key; a text with the reason if it is refused. */
export function heedKey(
  all: NextKeys,
  notice: KeyNotice,
  around: Circumstances,
  now: number,
): NextKeys | string {
  const { member, members, own, isEvicted } = around;
  const { nodeId, publicKey, number } = notice;
  const before = member.claim.kubespan?.publicKey;
  const known = all.get(nodeId);
  if (nodeId !== member.nodeId || before === undefined) return "it is about another node";
  const isKnown = known?.publicKey === publicKey && known.before === before && isAwaited(known, now);
  if (isKnown || publicKey === before) return all;
  if (number < member.number) return "it is older than what the member announced since";
  if (known && isAwaited(known, now)) return "the member told of another key a moment ago";
  if (!isPublicKey(publicKey)) return "it is no key";
  if (isEvicted(nodeId, publicKey)) return "an operator evicted that key";
  const kept = [...all.values()].filter((each) => each.nodeId !== nodeId && members.has(each.nodeId));
  if (publicKey === own || isUsed(publicKey, members, kept)) return "that key is another node's";
  if (kept.filter((each) => isAwaited(each, now)).length >= mostAwaited) return "too many tell of new keys";
  const next: NextKey = { nodeId, before, publicKey, number, at: now, isTaken: false };
  return new Map([...kept.map((each) => [each.nodeId, each] as const), [nodeId, next]]);
}

const isUsed = (publicKey: string, members: Members, others: readonly NextKey[]): boolean =>
  [...members.values()].some(({ claim }) => claim.kubespan?.publicKey === publicKey) ||
  others.some((each) => each.publicKey === publicKey);

/** Whether WireGuard has to hold the key for a handshake that may come. A clock that was set back ends that, too. */
const isAwaited = ({ at, isTaken }: NextKey, now: number): boolean =>
  !isTaken && now >= at && now - at < awaitedMs;

/** The keys that WireGuard holds beside the present ones, without any network. */
export const awaitedKeys = (all: NextKeys, isEvicted: IsEvicted, now: number): readonly string[] =>
  [...all.values()].flatMap((each) =>
    isAwaited(each, now) && !isEvicted(each.nodeId, each.publicKey) ? each.publicKey : [],
  );

/** Notes which of the keys a handshake was made with. The map stays the same object if there is none. */
export function withHandshakes(
  all: NextKeys,
  links: ReadonlyMap<string, { readonly handshakeAt?: number }>,
  now: number,
): NextKeys {
  const taken = [...all.values()].filter(
    (each) => isAwaited(each, now) && links.get(each.publicKey)?.handshakeAt !== undefined,
  );
  return taken.length === 0
    ? all
    : new Map([...all, ...taken.map((each) => [each.nodeId, { ...each, isTaken: true }] as const)]);
}

/**
 * The members, and what is heard of them, with the keys that they have taken. A registry may tell of the new key later
 * than the tunnel: what it still says of the key before means the new one.
 */
export function withTakenKeys(
  members: Members,
  heard: readonly Heard[],
  all: NextKeys,
): { readonly members: Members; readonly heard: readonly Heard[] } {
  const taken = [...all.values()].filter(({ isTaken }) => isTaken);
  if (taken.length === 0) return { members, heard };
  const next = new Map(members);
  for (const key of taken) {
    const member = members.get(key.nodeId);
    if (member) next.set(key.nodeId, memberWith(member, key));
  }
  return {
    members: next,
    heard: heard.map((each) => {
      const key = all.get(each.nodeId);
      return key?.isTaken && each.sealed ? { ...each, sealed: renamed(each.sealed, key) } : each;
    }),
  };
}

function memberWith(member: Member, key: NextKey): Member {
  const sealed = member.sealed && renamed(member.sealed, key);
  const unsealed = member.unsealed && renamed(member.unsealed, key);
  if (sealed === member.sealed && unsealed === member.unsealed) return member;
  return { ...member, ...(sealed && { sealed }), ...(unsealed && { unsealed }) };
}

/** The affiliate under the key that the member has taken, unless it announced another one since. */
function renamed(said: Affiliate, { before, publicKey, number }: NextKey): Affiliate {
  const { kubespan, membership } = said;
  if (kubespan?.publicKey !== before || (membership?.number ?? 0) > number) return said;
  return { ...said, kubespan: { ...kubespan, publicKey } };
}
