import { createCipheriv } from "node:crypto";
import { blake2s } from "@noble/hashes/blake2.js";
import { hmac } from "@noble/hashes/hmac.js";
import nacl from "tweetnacl";
import { open, seal, subkey } from "../../../src/handshake/primitives.ts";

/**
 * The responder of WireGuard's handshake, written apart from the code under test: the chain of keys is its own, with
 * other libraries for hashes and curve. That both agree with real WireGuard is shown by the tests in namespaces.
 */
export interface Responder {
  readonly privateKey: Uint8Array;
  readonly presharedKey: Uint8Array;
}

export interface Answer {
  readonly packet: Uint8Array;
  readonly initiator: Uint8Array;
  readonly stamp: Uint8Array;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** A chaining key and a running hash, as the Noise specification has them. */
class Symmetric {
  chain: Uint8Array = blake2s(utf8("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"));
  hash: Uint8Array = blake2s(join(this.chain, utf8("WireGuard v1 zx2c4 Jason@zx2c4.com")));

  mixHash(data: Uint8Array): void {
    this.hash = blake2s(join(this.hash, data));
  }

  /** Gives the second and third output; the first becomes the chaining key. */
  mixKey(input: Uint8Array): [Uint8Array, Uint8Array] {
    const root = hmac(blake2s, this.chain, input);
    const outputs: Uint8Array[] = [];
    for (let count = 1; count <= 3; count++)
      outputs.push(hmac(blake2s, root, join(outputs.at(-1) ?? new Uint8Array(), Uint8Array.of(count))));
    const [first = root, second = root, third = root] = outputs;
    this.chain = first;
    return [second, third];
  }

  open(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const plain = open(key, sealed, this.hash);
    this.mixHash(sealed);
    return plain;
  }
}

const mac1Of = (publicKey: Uint8Array, covered: Uint8Array): Uint8Array =>
  blake2s(covered, { key: blake2s(join(utf8("mac1----"), publicKey)), dkLen: 16 });

/** `undefined` where real WireGuard would stay silent. */
export function answerOf(responder: Responder, message: Uint8Array): Answer | undefined {
  const own = nacl.scalarMult.base(responder.privateKey);
  const mac1 = message.slice(116, 132);
  if (!Buffer.from(mac1Of(own, message.slice(0, 116))).equals(mac1)) return undefined;
  const state = new Symmetric();
  state.mixHash(own);
  const theirs = message.slice(8, 40);
  state.mixHash(theirs);
  state.mixKey(theirs);
  const [staticKey] = state.mixKey(nacl.scalarMult(responder.privateKey, theirs));
  const initiator = state.open(staticKey, message.slice(40, 88));
  if (!initiator) return undefined;
  const [stampKey] = state.mixKey(nacl.scalarMult(responder.privateKey, initiator));
  const stamp = state.open(stampKey, message.slice(88, 116));
  if (!stamp) return undefined;

  const ephemeral = nacl.randomBytes(32);
  const ephemeralPublic = nacl.scalarMult.base(ephemeral);
  state.mixHash(ephemeralPublic);
  state.mixKey(ephemeralPublic);
  state.mixKey(nacl.scalarMult(ephemeral, theirs));
  state.mixKey(nacl.scalarMult(ephemeral, initiator));
  const [mixed, key] = state.mixKey(responder.presharedKey);
  state.mixHash(mixed);
  const empty = seal(key, new Uint8Array(), state.hash);
  const head = join(Uint8Array.of(2, 0, 0, 0, 9, 9, 9, 9), message.slice(4, 8), ephemeralPublic, empty);
  return { packet: join(head, mac1Of(initiator, head), new Uint8Array(16)), initiator, stamp };
}

/** Message 3, as a responder under load sends it. */
export function cookieReplyOf(responderKey: Uint8Array, message: Uint8Array, cookie: Uint8Array): Uint8Array {
  const nonce = nacl.randomBytes(24);
  const key = subkey(blake2s(join(utf8("cookie--"), responderKey)), nonce.subarray(0, 16));
  const cipher = createCipheriv("chacha20-poly1305", key, join(new Uint8Array(4), nonce.subarray(16)), {
    authTagLength: 16,
  });
  cipher.setAAD(message.slice(116, 132), { plaintextLength: cookie.length });
  const sealed = join(cipher.update(cookie), cipher.final(), cipher.getAuthTag());
  return join(Uint8Array.of(3, 0, 0, 0), message.slice(4, 8), nonce, sealed);
}
