import fc from "fast-check";
import nacl from "tweetnacl";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import {
  createInitiation,
  type Ends,
  type Initiation,
  isAuthentic,
  openCookie,
  readAnswer,
} from "../../../src/handshake/noise.ts";
import { hash, mac, publicOf, sharedSecret, subkey } from "../../../src/handshake/primitives.ts";
import { timestamp } from "../../../src/handshake/timestamp.ts";
import { answerOf, cookieReplyOf, type Responder } from "./responder.ts";

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(":", ""), "hex"));

const initiatorKey = bytes(1);
const responder: Responder = { privateKey: bytes(2), presharedKey: bytes(3) };
const ends: Ends = {
  privateKey: new Secret(initiatorKey),
  publicKey: publicOf(initiatorKey),
  peerPublicKey: publicOf(responder.privateKey),
  presharedKey: new Secret(responder.presharedKey),
};

const stampAt = (milliseconds: number): Uint8Array => timestamp(milliseconds, undefined) ?? expect.fail();

function initiation(more: { cookie?: Uint8Array; ephemeral?: Uint8Array } = {}): Initiation {
  const fresh = { ephemeral: bytes(4), senderIndex: 0xcafe0001, stamp: stampAt(1_700_000_000_000), ...more };
  return createInitiation(ends, fresh) ?? expect.fail();
}

describe("building blocks", () => {
  it("agree with published vectors", () => {
    const text = new TextEncoder().encode("abc");
    // RFC 7693, appendix B
    expect(Buffer.from(hash(text)).toString("hex")).toBe(
      "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",
    );
    // draft-irtf-cfrg-xchacha-03, section 2.2.1
    const key = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    expect(Buffer.from(subkey(key, hex("000000090000004a0000000031415927"))).toString("hex")).toBe(
      "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc",
    );
  });

  it("agree with tweetnacl about X25519", () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(key, key, (mine, other) => {
        const theirs = nacl.scalarMult.base(other);
        expect(publicOf(mine)).toEqual(nacl.scalarMult.base(mine));
        expect(sharedSecret(mine, theirs)).toEqual(nacl.scalarMult(mine, theirs));
      }),
      { numRuns: 20 },
    );
  });

  it("refuse points of small order", () => {
    for (const point of [bytes(0), Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0))])
      expect(sharedSecret(initiatorKey, point)).toBeUndefined();
    expect(
      createInitiation(
        { ...ends, peerPublicKey: bytes(0) },
        { ephemeral: bytes(4), senderIndex: 1, stamp: stampAt(0) },
      ),
    ).toBeUndefined();
  });
});

describe("an initiation", () => {
  it("tells a responder who we are, and its answer is authentic", () => {
    const sent = initiation();
    expect(sent.message).toHaveLength(148);
    const answer = answerOf(responder, sent.message) ?? expect.fail();
    expect(answer.initiator).toEqual(ends.publicKey);
    expect(answer.stamp).toEqual(stampAt(1_700_000_000_000));
    expect(readAnswer(answer.packet)).toEqual({ kind: "response", receiverIndex: 0xcafe0001 });
    expect(isAuthentic(ends, sent, answer.packet)).toBe(true);
  });

  it("carries mac2 once there is a cookie", () => {
    const cookie = bytes(9).subarray(0, 16);
    const { message } = initiation({ cookie });
    expect(message.subarray(132)).toEqual(mac(cookie, message.subarray(0, 132)));
    expect(initiation().message.subarray(132)).toEqual(new Uint8Array(16));
  });
});

describe("an answer is refused", () => {
  const sent = initiation();
  const good = answerOf(responder, sent.message)?.packet ?? new Uint8Array();

  it.each([
    ["by another key", answerOf({ ...responder, privateKey: bytes(7) }, sent.message)],
    ["with another preshared key", answerOf({ ...responder, presharedKey: bytes(7) }, sent.message)?.packet],
    ["to another initiation", answerOf(responder, initiation({ ephemeral: bytes(8) }).message)?.packet],
  ])("that was made %s", (_, packet) => {
    expect(packet instanceof Uint8Array && isAuthentic(ends, sent, packet)).toBe(false);
  });

  it("when any bit of it is another, or it has another length", () => {
    expect(isAuthentic(ends, sent, good)).toBe(true);
    fc.assert(
      fc.property(fc.nat(76 * 8 - 1), (bit) => {
        const forged = Uint8Array.from(good);
        forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        // The sender's index and mac1 stand after or outside of what is sealed; mac1 covers the former.
        expect(isAuthentic(ends, sent, forged)).toBe(false);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 91 }), (length) => {
        expect(isAuthentic(ends, sent, good.subarray(0, length))).toBe(false);
      }),
    );
    expect(isAuthentic(ends, sent, Buffer.concat([good, Buffer.alloc(1)]))).toBe(false);
  });

  it("whatever bytes it consists of, without an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (packet) => {
        expect(isAuthentic(ends, sent, packet)).toBe(false);
        expect(openCookie(ends, sent, packet)).toBeUndefined();
      }),
    );
    const plausible = fc.uint8Array({ minLength: 80, maxLength: 80 });
    fc.assert(
      fc.property(plausible, (rest) => {
        const packet = Buffer.concat([good.subarray(0, 12), rest]);
        expect(isAuthentic(ends, sent, packet)).toBe(false);
      }),
    );
  });
});

describe("a cookie", () => {
  const sent = initiation();
  const cookie = bytes(5).subarray(0, 16);
  const reply = cookieReplyOf(ends.peerPublicKey, sent.message, cookie);

  it("is opened", () => {
    expect(readAnswer(reply)).toEqual({ kind: "cookie", receiverIndex: 0xcafe0001 });
    expect(openCookie(ends, sent, reply)).toEqual(cookie);
  });

  it("is refused when a bit is another, or it answers another initiation", () => {
    fc.assert(
      fc.property(fc.nat(64 * 8 - 1), (bit) => {
        const forged = Uint8Array.from(reply);
        forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(openCookie(ends, sent, forged)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
    expect(openCookie(ends, initiation({ ephemeral: bytes(8) }), reply)).toBeUndefined();
  });
});

/** Nanoseconds since 1970. */
const nanosecondsOf = (stamp: Uint8Array): bigint => {
  const bytesOfIt = Buffer.from(stamp);
  return (
    (bytesOfIt.readBigUInt64BE(0) - 2n ** 62n - 10n) * 1_000_000_000n + BigInt(bytesOfIt.readUInt32BE(8))
  );
};

describe("a time stamp", () => {
  it("is TAI64N in slots of 2^24 ns", () => {
    // 1 s after 1970 is 2^62 + 11; 100 ms is in the slot that began at 5 * 16,777,216 ns.
    expect(Buffer.from(stampAt(1_100)).toString("hex")).toBe("400000000000000b05000000");
    expect(stampAt(1_083)).not.toEqual(stampAt(1_084));
    expect(stampAt(1_084)).toEqual(stampAt(1_100));
  });

  it("grows or is refused, and is never in the future", () => {
    const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
    fc.assert(
      fc.property(time, fc.integer({ min: -100, max: 100 }), (now, later) => {
        const last = stampAt(now);
        const next = timestamp(Math.max(0, now + later), last);
        expect(nanosecondsOf(last)).toBeLessThanOrEqual(BigInt(now) * 1_000_000n);
        expect(BigInt(now) * 1_000_000n - nanosecondsOf(last)).toBeLessThan(2n ** 24n);
        if (next) expect(nanosecondsOf(next)).toBeGreaterThan(nanosecondsOf(last));
        else expect(later).toBeLessThan(17);
      }),
    );
  });
});
