import { timingSafeEqual } from "node:crypto";
import { Secret } from "../base/index.ts";
import { derive, hash, mac, open, openExtended, publicOf, seal, sharedSecret } from "./primitives.ts";

/**
 * WireGuard's handshake, Noise_IKpsk2 (section 5.4 of its paper), for the initiator and up to the proof of the
 * responder's identity. No transport keys are derived, because WireGuard makes a session of its own.
 */

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const construction = text("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s");
const identifier = text("WireGuard v1 zx2c4 Jason@zx2c4.com");
const macLabel = text("mac1----");
const cookieLabel = text("cookie--");

const initialChain = hash(construction);
const initialHash = hash(initialChain, identifier);

export const initiationBytes = 148;
export const responseBytes = 92;
export const cookieReplyBytes = 64;
const macBytes = 16;

/** The keys of both ends of a handshake: X25519, 32 bytes each. */
export interface Ends {
  readonly privateKey: Secret;
  readonly publicKey: Uint8Array;
  readonly peerPublicKey: Uint8Array;
  readonly presharedKey: Secret;
}

/** The state of a handshake that has to be kept until the answer comes. */
export interface Initiation {
  /** The 148 bytes of message 1, the same for every candidate. */
  readonly message: Uint8Array;
  readonly senderIndex: number;
  readonly ephemeral: Secret;
  readonly chain: Secret;
  readonly hash: Uint8Array;
}

/**
 * Makes message 1. `ephemeral` is 32 fresh random bytes, `stamp` a TAI64N of 12 bytes, `cookie` the 16 bytes of a
 * cookie reply that is not older than two minutes. `undefined` if the peer's public key is a point from which no secret
 * can come.
 */
export function createInitiation(
  ends: Ends,
  fresh: {
    readonly ephemeral: Uint8Array;
    readonly senderIndex: number;
    readonly stamp: Uint8Array;
    readonly cookie?: Uint8Array | undefined;
  },
): Initiation | undefined {
  const peer = ends.peerPublicKey;
  const ephemeralPublic = publicOf(fresh.ephemeral);
  const [shared, identity] = [
    sharedSecret(fresh.ephemeral, peer),
    sharedSecret(ends.privateKey.reveal(), peer),
  ];
  if (!shared || !identity) return undefined;
  let transcript = hash(hash(initialHash, peer), ephemeralPublic);
  const [chain1] = derive(initialChain, ephemeralPublic);
  const [chain2, staticKey] = derive(chain1, shared);
  const sealedStatic = seal(staticKey, ends.publicKey, transcript);
  transcript = hash(transcript, sealedStatic);
  const [chain3, stampKey] = derive(chain2, identity);
  const sealedStamp = seal(stampKey, fresh.stamp, transcript);
  transcript = hash(transcript, sealedStamp);

  const message = Buffer.alloc(initiationBytes);
  message.writeUInt8(1);
  message.writeUInt32BE(fresh.senderIndex, 4);
  message.set(ephemeralPublic, 8);
  message.set(sealedStatic, 40);
  message.set(sealedStamp, 88);
  message.set(mac(hash(macLabel, peer), message.subarray(0, 116)), 116);
  if (fresh.cookie) message.set(mac(fresh.cookie, message.subarray(0, 132)), 132);
  return {
    message: new Uint8Array(message),
    senderIndex: fresh.senderIndex,
    ephemeral: new Secret(fresh.ephemeral),
    chain: new Secret(chain3),
    hash: transcript,
  };
}

/** The key of `mac1` in messages to the owner of a public key. */
export const recipientKey = (publicKey: Uint8Array): Uint8Array => hash(macLabel, publicKey);

/** Whether message 1 or 2 is for the recipient whose key that is. Everybody who knows a public key can make it so. */
export function isFor(key: Uint8Array, packet: Uint8Array): boolean {
  const at = packet.length - 2 * macBytes;
  if (at <= 0) return false;
  return timingSafeEqual(mac(key, packet.subarray(0, at)), packet.subarray(at, at + macBytes));
}

/** The key with which cookies for initiations to the owner of a public key are sealed. */
export const cookieKey = (publicKey: Uint8Array): Uint8Array => hash(cookieLabel, publicKey);

/**
 * The kind of a message, by what it says of itself, and the initiation that it answers. `undefined` for anything that
 * is not exactly a response or a cookie reply. Indices are read as they stand on the wire, most significant byte first.
 */
export function readAnswer(
  packet: Uint8Array,
): { readonly kind: "response" | "cookie"; readonly receiverIndex: number } | undefined {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  if (bytes.length === responseBytes && bytes.readUInt32BE(0) === 0x02000000)
    return { kind: "response", receiverIndex: bytes.readUInt32BE(8) };
  if (bytes.length === cookieReplyBytes && bytes.readUInt32BE(0) === 0x03000000)
    return { kind: "cookie", receiverIndex: bytes.readUInt32BE(4) };
  return undefined;
}

/**
 * Tells whether message 2 answers this initiation and comes from the owner of the peer's private key and the preshared
 * key.
 */
export function isAuthentic(ends: Ends, initiation: Initiation, packet: Uint8Array): boolean {
  const answer = readAnswer(packet);
  if (answer?.kind !== "response" || answer.receiverIndex !== initiation.senderIndex) return false;
  const expected = mac(hash(macLabel, ends.publicKey), packet.subarray(0, 60));
  // This cheap check comes before any work on the curve.
  if (!timingSafeEqual(expected, packet.subarray(60, 60 + macBytes))) return false;
  const ephemeral = packet.subarray(12, 44);
  const [shared, identity] = [
    sharedSecret(initiation.ephemeral.reveal(), ephemeral),
    sharedSecret(ends.privateKey.reveal(), ephemeral),
  ];
  if (!shared || !identity) return false;
  const [chain1] = derive(initiation.chain.reveal(), ephemeral);
  const [chain2] = derive(chain1, shared);
  const [chain3] = derive(chain2, identity);
  const [, mixed, key] = derive(chain3, ends.presharedKey.reveal());
  const transcript = hash(hash(initiation.hash, ephemeral), mixed);
  return open(key, packet.subarray(44, 60), transcript) !== undefined;
}

/**
 * The cookie of message 3, for `mac2` of the next initiation. A peer under load answers with it. It is bound to `mac1`
 * of the initiation and sealed with a key that anyone who knows the peer's public key can compute, so it proves only
 * that its sender saw our packet. `undefined` for a cookie that does not open.
 */
export function openCookie(ends: Ends, initiation: Initiation, packet: Uint8Array): Uint8Array | undefined {
  const answer = readAnswer(packet);
  if (answer?.kind !== "cookie" || answer.receiverIndex !== initiation.senderIndex) return undefined;
  const key = cookieKey(ends.peerPublicKey);
  const mac1 = initiation.message.subarray(116, 132);
  return openExtended(key, packet.subarray(8, 32), packet.subarray(32, 64), mac1);
}
