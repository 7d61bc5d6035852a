import { cookieReplyBytes, initiationBytes, isFor, responseBytes } from "../handshake/index.ts";
import type { Endpoint } from "../net/index.ts";
import { type Budget, refill, spend } from "../peers/index.ts";
import { familyOfEndpoint, type Neighbour } from "./neighbours.ts";
import type { RelayedWay } from "./rules.ts";

/** Passing on handshakes, as values: what was passed on and is not answered yet, and which pairs have sessions. */
export interface Passing {
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** The time at which the last session of each pair ends. */
  readonly pairs: ReadonlyMap<string, number>;
  readonly paces: ReadonlyMap<string, Budget>;
}

/** An initiation that was passed on. */
interface Waiting {
  readonly from: Neighbour;
  readonly to: Neighbour;
  readonly senderIndex: number;
  readonly at: number;
}

export const nothingPassed: Passing = { waiting: new Map(), pairs: new Map(), paces: new Map() };

/** Those between whom packets may be passed on. */
export interface Surroundings {
  readonly byEndpoint: ReadonlyMap<Endpoint, Neighbour>;
  /** The key by which a message tells that it is for this node. */
  readonly own: Uint8Array;
  /** The keys by which a message tells for whom it is, by public key. This node's own is not among them. */
  readonly recipients: ReadonlyMap<string, Uint8Array>;
  readonly maxPairs: number;
}

/** What comes of a packet. Ways are opened before it is sent, because the answer follows at once. */
export type Verdict =
  | { readonly kind: "pass"; readonly to: Endpoint; readonly ways: readonly RelayedWay[] }
  | { readonly kind: "refuse"; readonly reason: Refusal }
  /** The message is this node's own, as most are. */
  | { readonly kind: "ignore" };

type Refusal = "stranger" | "nobody" | "families" | "too many" | "too often";

/** An initiation that is not answered by then is forgotten. */
const answerMs = 5_000;
const mostWaiting = 1_024;
const sessionMs = 190_000;
/** Handshakes of a pair. A race makes several in a second, a session one in two minutes. */
const pace = { perSecond: 0.25, most: 12 };
/** Initiations of one member that are for others. It may have many peers that it reaches by way of this node, and race them. */
const initiatorPace = { perSecond: 2, most: 60 };

/**
 * Judges a handshake message. It is passed on only between two neighbours: an initiation from the endpoint of one whose
 * `mac1` names the other, and one answer to it from there, of which `mac1` names the first. All else moves nothing.
 */
export function judge(
  before: Passing,
  packet: Uint8Array,
  from: Endpoint,
  around: Surroundings,
  now: number,
): { readonly verdict: Verdict; readonly after: Passing } {
  const message = readMessage(packet);
  if (!message) return { verdict: { kind: "ignore" }, after: before };
  return message.kind === "initiation"
    ? initiation(before, { packet, from, senderIndex: message.senderIndex }, around, now)
    : answer(before, { packet, from, message }, around, now);
}

type Judged = ReturnType<typeof judge>;

function initiation(
  before: Passing,
  { packet, from, senderIndex }: { packet: Uint8Array; from: Endpoint; senderIndex: number },
  { byEndpoint, own, recipients, maxPairs }: Surroundings,
  now: number,
): Judged {
  const refused = (reason: Refusal): Judged => ({ verdict: { kind: "refuse", reason }, after: before });
  const initiator = byEndpoint.get(from);
  if (!initiator) return refused("stranger");
  if (isFor(own, packet)) return { verdict: { kind: "ignore" }, after: before };
  // Finding out for whom a message is takes a hash for each member, so whoever has sent too much is not even asked.
  const asking = refill(before.paces.get(initiator.publicKey), now, initiatorPace);
  if (asking.left < 1) return refused("too often");
  const asked: Passing = {
    ...before,
    paces: new Map(before.paces).set(initiator.publicKey, spend(asking, 1)),
  };
  const recipient = recipientOf(packet, recipients, partnersOf(initiator, before.pairs));
  const ignored: Judged = { verdict: { kind: "ignore" }, after: asked };
  if (recipient === undefined) return ignored;
  const responder = [...byEndpoint.values()].find(({ publicKey }) => publicKey === recipient);
  const refusedLate = (reason: Refusal): Judged => ({ verdict: { kind: "refuse", reason }, after: asked });
  if (!responder || responder === initiator) return refusedLate("nobody");
  if (familyOfEndpoint(responder.endpoint) !== familyOfEndpoint(from)) return refusedLate("families");
  const pair = pairOf(initiator, responder);
  const pairs = current(before.pairs, (until) => until > now);
  if (!pairs.has(pair) && pairs.size >= maxPairs) return refusedLate("too many");
  const waiting = current(before.waiting, ({ at }) => now - at < answerMs);
  if (waiting.size >= mostWaiting) return refusedLate("too many");
  const paces = current(asked.paces, ({ at }) => now - at < sessionMs);
  const budget = refill(paces.get(pair), now, pace);
  if (budget.left < 1) return refusedLate("too often");
  paces.set(pair, spend(budget, 1));
  waiting.set(nameOf(responder.endpoint, senderIndex), {
    from: initiator,
    to: responder,
    senderIndex,
    at: now,
  });
  return {
    verdict: { kind: "pass", to: responder.endpoint, ways: [] },
    after: { waiting, pairs, paces },
  };
}

function answer(
  before: Passing,
  { packet, from, message }: { packet: Uint8Array; from: Endpoint; message: Exclude<Message, Initiation> },
  { recipients }: Surroundings,
  now: number,
): Judged {
  const nothing: Judged = { verdict: { kind: "ignore" }, after: before };
  const name = nameOf(from, message.receiverIndex);
  const asked = before.waiting.get(name);
  if (!asked || now - asked.at >= answerMs) return nothing;
  const waiting = new Map(before.waiting);
  waiting.delete(name);
  const to = asked.from.endpoint;
  if (message.kind === "cookie")
    return { verdict: { kind: "pass", to, ways: [] }, after: { ...before, waiting } };
  const key = recipients.get(asked.from.publicKey);
  if (!key || !isFor(key, packet)) return nothing;
  const pairs = new Map(before.pairs).set(pairOf(asked.from, asked.to), now + sessionMs);
  const ways = [
    { from: to, receiverIndex: message.senderIndex, to: from },
    { from, receiverIndex: message.receiverIndex, to },
  ];
  return { verdict: { kind: "pass", to, ways }, after: { ...before, waiting, pairs } };
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
  likely: readonly string[],
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

const current = <Key, Value>(
  map: ReadonlyMap<Key, Value>,
  isCurrent: (value: Value) => boolean,
): Map<Key, Value> => new Map([...map].filter(([, value]) => isCurrent(value)));
