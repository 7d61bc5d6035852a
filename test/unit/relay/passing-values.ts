import { expect } from "vitest";
import { Secret } from "../../../src/base/index.ts";
import {
  createInitiation,
  mac,
  openCookie,
  publicOf,
  recipientKey,
  timestamp,
} from "../../../src/handshake/index.ts";
import { judge, PassingMemory, type Surroundings } from "../../../src/relay/passing.ts";
import { endpoint } from "../mesh/values.ts";

export const now = 1_700_000_000_000;
const privateOf = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** A node of the test: its keys, and where the relay sees it. */
export const member = (number: number, at: string) => ({
  number,
  publicKey: base64(publicOf(privateOf(number))),
  bytes: publicOf(privateOf(number)),
  endpoint: endpoint(at),
});
export const a = member(1, "203.0.113.1:1001");
export const b = member(2, "203.0.113.2:1002");
export const c = member(3, "[2001:db8::3]:1003");
export const away = member(4, "203.0.113.4:1004");
export const own = member(9, "203.0.113.9:51820");
export const stranger = endpoint("198.51.100.7:7");

export const around: Surroundings = {
  byEndpoint: new Map([a, b, c].map((each) => [each.endpoint, each])),
  byKey: new Map([a, b, c].map((each) => [each.publicKey, each])),
  own: recipientKey(own.bytes),
  recipients: new Map([a, b, c, away].map((each) => [each.publicKey, recipientKey(each.bytes)])),
  maxPairs: 1,
  secret: new Uint8Array(32).fill(5),
};

/** A packet as the relay takes it; what was known before stays as it is. */
export const judged = (
  before: PassingMemory,
  packet: Uint8Array,
  from: typeof stranger,
  at = now,
  surroundings = around,
) => {
  const after = new PassingMemory();
  for (const each of ["waiting", "pairs", "paces"] as const)
    for (const [name, value] of before[each]) after[each].set(name, value as never);
  after.forget(at);
  const { verdict, change } = judge(after, packet, from, surroundings, at);
  after.apply(change);
  return { verdict, after };
};
export const nothingPassed = new PassingMemory();

const endsOf = (from: { number: number; bytes: Uint8Array }, to: { bytes: Uint8Array }) => ({
  privateKey: new Secret(privateOf(from.number)),
  publicKey: from.bytes,
  peerPublicKey: to.bytes,
  presharedKey: new Secret(new Uint8Array(32)),
});

export const initiation = (
  from: { number: number; bytes: Uint8Array },
  to: { bytes: Uint8Array },
  senderIndex = 7,
  cookie?: Uint8Array,
) => {
  const fresh = {
    ephemeral: privateOf(77),
    senderIndex,
    stamp: timestamp(now, undefined) ?? new Uint8Array(12),
    cookie,
  };
  return createInitiation(endsOf(from, to), fresh)?.message ?? expect.fail("no initiation");
};

/** The cookie that the sender of an initiation finds in the answer of a relay. */
export const cookieIn = (
  reply: Uint8Array,
  from: { number: number; bytes: Uint8Array },
  to: { bytes: Uint8Array },
): Uint8Array => {
  const message = initiation(from, to);
  const secret = new Secret(new Uint8Array(32));
  const sent = { message, senderIndex: 7, ephemeral: secret, chain: secret, hash: new Uint8Array(32) };
  return openCookie(endsOf(from, to), sent, reply) ?? expect.fail("no cookie");
};

/** A response as everybody could make it: a relay can check no more of one than for whom it is. */
export const response = (to: { bytes: Uint8Array }, receiverIndex = 7, senderIndex = 8): Uint8Array => {
  const message = Buffer.alloc(92);
  message.writeUInt8(2);
  message.writeUInt32BE(senderIndex, 4);
  message.writeUInt32BE(receiverIndex, 8);
  message.set(mac(recipientKey(to.bytes), message.subarray(0, 60)), 60);
  return new Uint8Array(message);
};

export const cookie = (receiverIndex = 7): Uint8Array => {
  const message = Buffer.alloc(64);
  message.writeUInt8(3);
  message.writeUInt32BE(receiverIndex, 4);
  return new Uint8Array(message);
};

export const verdictOf = (packet: Uint8Array, from: typeof stranger, before = nothingPassed, at = now) =>
  judged(before, packet, from, at).verdict;
export const asked = judged(nothingPassed, initiation(a, b), a.endpoint, now).after;
