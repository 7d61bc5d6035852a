import type { Secret } from "../base/index.ts";
import type { Affiliate, Heard } from "../discovery/index.ts";
import { isConnected, type Member, type Members } from "./member.ts";
import { type EndNotice, isProven, proofOf, recipientOf } from "./notice.ts";
import type { Leaving } from "./step.ts";

interface Keys {
  readonly privateKey: Secret;
  /** The WireGuard key of this node in base64. */
  readonly publicKey: string;
}

/**
 * The results of checks, by all that a proof depends on. A check costs as much as a handshake, and registries repeat
 * the same proofs again and again. When there are too many results, all are forgotten.
 */
const checked = new Map<string, boolean>();
const mostChecked = 4_096;

/** The members that said farewell through a registry, and proved it to this node. */
export function farewellsIn(
  heard: readonly Heard[],
  members: Members,
  own: Keys,
  now: number,
): ReadonlyMap<string, Leaving> {
  const leaving = new Map<string, Leaving>();
  for (const { nodeId, sealed } of heard) {
    const member = members.get(nodeId);
    if (!sealed?.membership?.farewells || !member || member.standing === "released") continue;
    if (isProvenBy(sealed, member, own))
      leaving.set(nodeId, { why: "it left the mesh", number: sealed.membership.number, at: now });
  }
  return leaving;
}

function isProvenBy({ nodeId, membership }: Affiliate, { claim }: Member, own: Keys): boolean {
  const peer = claim.kubespan?.publicKey;
  const proof = membership?.farewells?.get(recipientOf(own.publicKey));
  if (peer === undefined || proof === undefined) return false;
  const number = membership?.number ?? 0;
  const key = [own.publicKey, peer, number, nodeId, proof].join("\n");
  const known = checked.get(key);
  if (known !== undefined) return known;
  const isTrue = isProven(
    { kind: "farewell", nodeId, number },
    { ...own, peer },
    Buffer.from(proof, "base64"),
  );
  if (checked.size >= mostChecked) checked.clear();
  checked.set(key, isTrue);
  return isTrue;
}

/**
 * The largest number of proofs in one affiliate. Each takes 30 of the 2,020 bytes that a service accepts, beside the
 * rest of the affiliate.
 */
const mostFarewells = 56;

/**
 * The affiliate that a node puts into the registries when it leaves, for the members that it cannot tell through a
 * tunnel. It has no part in the mesh any more, and holds a proof for each recipient; recipients are given by their
 * public keys. A member that finds no proof for itself takes the node for absent.
 */
export function farewellOf(
  own: Affiliate,
  number: number,
  recipients: readonly string[],
  keys: Keys,
): Affiliate {
  const { kubespan: _left, ...rest } = own;
  const notice: EndNotice = { kind: "farewell", nodeId: own.nodeId, number };
  const farewells = new Map<string, string>();
  for (const peer of recipients.slice(0, mostFarewells)) {
    const proof = proofOf(notice, { ...keys, peer }, "own");
    if (proof) farewells.set(recipientOf(peer), Buffer.from(proof).toString("base64"));
  }
  const { startedAt = 0, machine = "" } = own.membership ?? {};
  return { ...rest, addresses: [], membership: { number, startedAt, machine, otherNetworks: [], farewells } };
}

/**
 * The milliseconds for which a node that said farewell may still answer handshakes: it takes its link away last, after
 * all have heard it. One that comes back sooner has a newer number.
 */
const lingersMs = 10_000;

/**
 * Decides about a notice whose sender is proved: the member is let go, or there is a reason against it. A node that
 * says farewell for itself is believed, and so is its number. A request to forget another member counts only up to the
 * number that is known of that member here, because a number of the sender's choice could keep the member out for ever.
 */
export function heedNotice(
  { kind, number }: EndNotice,
  member: Member,
  sender: string,
  now: number,
): { readonly leaving: Leaving } | { readonly refused: string } {
  if (kind === "farewell")
    return member.claim.kubespan?.publicKey === sender
      ? { leaving: { why: "it left the mesh", number, at: now + lingersMs } }
      : { refused: "it is not its own" };
  const refused = whyNotForget(member, now);
  return refused === undefined
    ? { leaving: { why: "another member's operator said so", number: member.number, at: now } }
    : { refused };
}

/** The time in milliseconds that a member has to be gone before another member may ask to forget it. */
const goneForMs = 180_000;

/**
 * The reason why a member is kept although another one asks to forget it. The word of any member is enough to forget a
 * member that vanished, but not to cut off one that is there.
 */
function whyNotForget(member: Member, now: number): string | undefined {
  if (isConnected(member, now)) return "it is connected";
  if (member.standing !== "absent") return "a registry names it";
  const gone = Math.max(member.since, member.lostAt ?? 0);
  return now - gone < goneForMs ? "it has not been gone for three minutes" : undefined;
}
