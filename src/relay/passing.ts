import {
  bearsCookie,
  cookieReplyBytes,
  initiationBytes,
  isFor,
  mac,
  responseBytes,
} from "../handshake/index.ts";
import type { Endpoint } from "../net/index.ts";
import type { Budget } from "../peers/index.ts";
import { familyOfEndpoint, type Neighbour } from "./neighbours.ts";
import {
  type Asking,
  type Paces,
  paceMemoryMs,
  type Taken,
  takePassage,
  takeProof,
  takeSearch,
} from "./paces.ts";
import type { RelayedWay } from "./rules.ts";

/**
 * Passing on handshakes, as values: what was passed on and is not answered yet, and which pairs have sessions. In each map
 * the oldest comes first.
 */
export interface Passing {
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** The time at which the last session of each pair ends. */
  readonly pairs: ReadonlyMap<string, number>;
  readonly paces: Paces;
}

/** An initiation that was passed on. */
interface Waiting {
  readonly from: Neighbour;
  readonly to: Neighbour;
  readonly senderIndex: number;
  readonly at: number;
}

/** What a message changes. The maps may have many thousand entries, so they are changed, not copied. */
export interface Change {
  readonly paces?: Taken;
  readonly passed?: readonly [string, Waiting];
  readonly answered?: string;
  readonly pair?: readonly [string, number];
}

/** Those between whom packets may be passed on. */
export interface Surroundings {
  readonly byEndpoint: ReadonlyMap<Endpoint, Neighbour>;
  readonly byKey: ReadonlyMap<string, Neighbour>;
  /** The key by which a message tells that it is for this node. */
  readonly own: Uint8Array;
  /** The keys by which a message tells for whom it is, by public key. This node's own is not among them. */
  readonly recipients: ReadonlyMap<string, Uint8Array>;
  readonly maxPairs: number;
  /** What cookies are made of. */
  readonly secret: Uint8Array;
}

/** What comes of a packet. Ways are opened before it is sent, because the answer follows at once. */
export type Verdict =
  | { readonly kind: "pass"; readonly to: Endpoint; readonly ways: readonly RelayedWay[] }
  | { readonly kind: "refuse"; readonly reason: Refusal }
  /** Refused, and the sender is to prove with this cookie that it is at its endpoint. */
  | { readonly kind: "prove"; readonly recipient: string; readonly cookie: Uint8Array }
  /** The message is this node's own, as most are. */
  | { readonly kind: "ignore" };

type Refusal = "stranger" | "nobody" | "families" | "too many" | "too often";

/** An initiation that is not answered by then is forgotten. */
const answerMs = 5_000;
const mostWaiting = 1_024;
/** Those whose source may be forged get half of the places. */
const mostUnproven = mostWaiting / 2;
const sessionMs = 190_000;
/** WireGuard uses a cookie for two minutes. */
const cookieMs = 120_000;

/**
 * Judges a handshake message. It is passed on only between two neighbours: an initiation from the endpoint of one whose
 * `mac1` names the other, and one answer to it from there, of which `mac1` names the first. All else moves nothing.
 *
 * Sources can be forged. So when too much comes from the endpoint of a neighbour it gets a cookie, as WireGuard itself gives
 * one under load, and what bears that cookie is counted by itself.
 */
export function judge(
  before: Passing,
  packet: Uint8Array,
  from: Endpoint,
  around: Surroundings,
  now: number,
): Judged {
  const message = readMessage(packet);
  if (!message) return ignored;
  return message.kind === "initiation"
    ? initiation(before, { packet, from, senderIndex: message.senderIndex }, around, now)
    : answer(before, { packet, from, message }, around, now);
}

interface Judged {
  readonly verdict: Verdict;
  readonly change: Change;
}

const ignored: Judged = { verdict: { kind: "ignore" }, change: {} };
const refused = (reason: Refusal, change: Change = {}): Judged => ({
  verdict: { kind: "refuse", reason },
  change,
});

interface Initiated {
  readonly packet: Uint8Array;
  readonly from: Endpoint;
  readonly senderIndex: number;
}

function initiation(before: Passing, message: Initiated, around: Surroundings, now: number): Judged {
  const { packet, from } = message;
  const initiator = around.byEndpoint.get(from);
  if (!initiator) return refused("stranger");
  if (isFor(around.own, packet)) return ignored;
  const cookies = [now, now - cookieMs].map((at) => cookieFor(from, around.secret, at));
  const asking = {
    initiator: initiator.publicKey,
    isProven: cookies.some((cookie) => bearsCookie(packet, cookie)),
  };
  // Finding out for whom a message is takes a hash for each member, so whoever has sent too much is not even asked.
  const searched = takeSearch(before.paces, asking, now);
  if (!searched) return prove(before, message, asking, around, now);
  const recipient = recipientOf(packet, around.recipients, partnersOf(initiator, before.pairs));
  const known: Change = { paces: searched };
  if (recipient === undefined) return { verdict: { kind: "ignore" }, change: known };
  const responder = around.byKey.get(recipient);
  if (!responder || responder === initiator) return refused("nobody", known);
  if (familyOfEndpoint(responder.endpoint) !== familyOfEndpoint(from)) return refused("families", known);
  const { pairs, waiting, paces } = before;
  if (!pairs.has(pairOf(initiator, responder)) && pairs.size >= around.maxPairs)
    return refused("too many", known);
  if (waiting.size >= mostWaiting) return refused("too many", known);
  const passage = takePassage(paces, asking, recipient, now);
  const isCrowded = waiting.size >= mostUnproven && !asking.isProven;
  if (!passage || isCrowded) return prove(before, message, asking, around, now);
  const name = nameOf(responder.endpoint, message.senderIndex);
  const passed = { from: initiator, to: responder, senderIndex: message.senderIndex, at: now };
  return {
    verdict: { kind: "pass", to: responder.endpoint, ways: [] },
    change: { paces: new Map([...searched, ...passage]), passed: [name, passed] },
  };
}

/** Gives the sender, where it is not proven to be where it seems to be, the chance to prove it. */
function prove(
  { paces }: Passing,
  { packet, from }: Initiated,
  asking: Asking,
  { recipients, secret }: Surroundings,
  now: number,
): Judged {
  const taken = asking.isProven ? undefined : takeProof(paces, asking, now);
  const recipient = taken && recipientOf(packet, recipients);
  if (recipient === undefined) return refused("too often", { paces: taken });
  return {
    verdict: { kind: "prove", recipient, cookie: cookieFor(from, secret, now) },
    change: { paces: taken },
  };
}

/** The cookie of an endpoint. It is known to those who get what is sent there, and to nobody else. */
const cookieFor = (endpoint: Endpoint, secret: Uint8Array, now: number): Uint8Array =>
  mac(secret, new TextEncoder().encode(`${Math.floor(now / cookieMs)} ${endpoint}`));

function answer(
  { waiting }: Passing,
  { packet, from, message }: { packet: Uint8Array; from: Endpoint; message: Exclude<Message, Initiation> },
  { recipients }: Surroundings,
  now: number,
): Judged {
  const name = nameOf(from, message.receiverIndex);
  const asked = waiting.get(name);
  if (!asked || now - asked.at >= answerMs) return ignored;
  const to = asked.from.endpoint;
  if (message.kind === "cookie")
    return { verdict: { kind: "pass", to, ways: [] }, change: { answered: name } };
  const key = recipients.get(asked.from.publicKey);
  // Whoever forges a source knows no index that is waited for, and must not end the wait.
  if (!key || !isFor(key, packet)) return ignored;
  const ways = [
    { from: to, receiverIndex: message.senderIndex, to: from },
    { from, receiverIndex: message.receiverIndex, to },
  ];
  const pair = [pairOf(asked.from, asked.to), now + sessionMs] as const;
  return { verdict: { kind: "pass", to, ways }, change: { answered: name, pair } };
}

/** What has been passed on, and is changed message by message. */
export class PassingMemory implements Passing {
  readonly waiting = new Map<string, Waiting>();
  readonly pairs = new Map<string, number>();
  readonly paces = new Map<string, Budget>();

  /** Forgets what is over: that takes as long as there is something to forget. */
  forget(now: number): void {
    forgetFirst(this.waiting, ({ at }) => now - at >= answerMs);
    forgetFirst(this.pairs, (until) => until <= now);
    forgetFirst(this.paces, ({ at }) => now - at >= paceMemoryMs);
  }

  apply({ paces, passed, answered, pair }: Change): void {
    for (const [name, budget] of paces ?? []) setLast(this.paces, name, budget);
    if (passed) setLast(this.waiting, ...passed);
    if (answered !== undefined) this.waiting.delete(answered);
    if (pair) setLast(this.pairs, ...pair);
  }
}

function forgetFirst<Value>(map: Map<string, Value>, isOver: (value: Value) => boolean): void {
  for (const [name, value] of map) {
    if (!isOver(value)) return;
    map.delete(name);
  }
}

function setLast<Value>(map: Map<string, Value>, name: string, value: Value): void {
  map.delete(name);
  map.set(name, value);
}

/** The number of pairs that have a session. */
export const pairsAt = ({ pairs }: Passing, now: number): number =>
  [...pairs.values()].filter((until) => until > now).length;

interface Initiation {
  readonly kind: "initiation";
  readonly senderIndex: number;
}
type Message =
  | Initiation
  | { readonly kind: "response"; readonly senderIndex: number; readonly receiverIndex: number }
  | { readonly kind: "cookie"; readonly receiverIndex: number };

/** What a message says of itself; `undefined` for anything that is not exactly a handshake message. */
function readMessage(packet: Uint8Array): Message | undefined {
  if (packet.length < 12) return undefined;
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  const [type, first, second] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes.readUInt32BE(8)];
  if (type === 0x01000000 && bytes.length === initiationBytes)
    return { kind: "initiation", senderIndex: first };
  if (type === 0x02000000 && bytes.length === responseBytes)
    return { kind: "response", senderIndex: first, receiverIndex: second };
  if (type === 0x03000000 && bytes.length === cookieReplyBytes)
    return { kind: "cookie", receiverIndex: first };
  return undefined;
}

/**
 * The public key of the member that a message is for. Each comparison takes some 20 microseconds, so those come first
 * with whom the sender has a session: nearly all handshakes renew one.
 */
function recipientOf(
  packet: Uint8Array,
  recipients: ReadonlyMap<string, Uint8Array>,
  likely: readonly string[] = [],
): string | undefined {
  for (const publicKey of likely) {
    const key = recipients.get(publicKey);
    if (key && isFor(key, packet)) return publicKey;
  }
  for (const [publicKey, key] of recipients) if (isFor(key, packet)) return publicKey;
  return undefined;
}

/** The public keys of those with whom a member has, or had, a session by way of this node. */
const partnersOf = ({ publicKey }: Neighbour, pairs: Passing["pairs"]): string[] =>
  [...pairs.keys()].flatMap((pair) => {
    const [one, other] = pair.split(" ");
    if (one === publicKey) return other ?? [];
    return other === publicKey ? (one ?? []) : [];
  });

const nameOf = (endpoint: Endpoint, index: number): string => `${endpoint} ${index}`;
const pairOf = (one: Neighbour, other: Neighbour): string =>
  [one.publicKey, other.publicKey].toSorted().join(" ");
