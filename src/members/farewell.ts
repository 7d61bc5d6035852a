import type { Secret } from "../base/index.ts";
import type { Affiliate, Heard } from "../discovery/index.ts";
import { isConnected, type Member, type Members } from "./member.ts";
import { isProven, type Notice, proofOf, recipientOf } from "./notice.ts";
import type { Leaving } from "./step.ts";

interface Keys {
  readonly privateKey: Secret;
  /** In base64. */
  readonly publicKey: string;
}

/**
 * What was found of each proof, by all that it depends on: one costs as much as a handshake, and registries say the same
 * again and again. Bounded: when there are too many, all are forgotten.
 */
const checked = new Map<string, boolean>();
const mostChecked = 4_096;

/** The members that said farewell by way of a registry, and proved it to this node. */
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

/** As many proofs as fit beside the rest of an affiliate into what a service accepts: 30 bytes each of 2,020. */
const mostFarewells = 56;

/**
 * What a node that leaves puts into the registries, for the members that it cannot tell through a tunnel, by their public
 * keys: it has no part in the mesh any more, and proves that to each of them. Whoever finds no proof for itself takes it for absent.
 */
export function farewellOf(
  own: Affiliate,
  number: number,
  recipients: readonly string[],
  keys: Keys,
): Affiliate {
  const { kubespan: _left, ...rest } = own;
  const notice: Notice = { kind: "farewell", nodeId: own.nodeId, number };
  const farewells = new Map<string, string>();
  for (const peer of recipients.slice(0, mostFarewells)) {
    const proof = proofOf(notice, { ...keys, peer }, "own");
    if (proof) farewells.set(recipientOf(peer), Buffer.from(proof).toString("base64"));
  }
  const { startedAt = 0, machine = "" } = own.membership ?? {};
  return { ...rest, addresses: [], membership: { number, startedAt, machine, otherNetworks: [], farewells } };
}

/**
 * What a notice of a proven sender leads to: that a member is let go, or why not. Who says farewell for itself is taken at
 * its word, and at its number. A request to forget somebody counts for what is known of him here: with a number of the
 * sender's choice, he could be kept out for ever.
 */
export function heedNotice(
  { kind, number }: Notice,
  member: Member,
  sender: string,
  now: number,
): { readonly leaving: Leaving } | { readonly refused: string } {
  if (kind === "farewell")
    return member.claim.kubespan?.publicKey === sender
      ? { leaving: { why: "it left the mesh", number, at: now } }
      : { refused: "it is not its own" };
  const refused = whyNotForget(member, now);
  return refused === undefined
    ? { leaving: { why: "another member's operator said so", number: member.number, at: now } }
    : { refused };
}

/** How long a member has to be gone before it may be forgotten because another member asks for it, ms. */
const goneForMs = 180_000;

/**
 * Why a member that somebody asks to be forgotten is kept. Anybody's word is enough to forget who vanished, and nobody's
 * to cut off who is there.
 */
function whyNotForget(member: Member, now: number): string | undefined {
  if (isConnected(member, now)) return "it is connected";
  if (member.standing !== "absent") return "a registry names it";
  const gone = Math.max(member.since, member.lostAt ?? 0);
  return now - gone < goneForMs ? "it has not been gone for three minutes" : undefined;
}
