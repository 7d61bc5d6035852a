import { createPublicKey, diffieHellman, generateKeyPairSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPublicKey } from "../../../src/discovery/public-key.ts";
import { sharedSecret } from "../../../src/handshake/primitives.ts";
import { decodeKey, privateKeyFrom, publicKeyOf } from "../../../src/identity/key.ts";

/** Little-endian, as X25519 keys are written. */
const bytesOf = (number: bigint): Buffer =>
  Buffer.from(Buffer.from(number.toString(16).padStart(64, "0"), "hex").toReversed());
const modulus = 2n ** 255n - 19n;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const realKey = (): string => publicKeyOf(privateKeyFrom(randomBytes(32)));

describe("points that no secret can come from", () => {
  const eighth = 325606250916557431795983626356110631294008115727848805560023387167927233504n;
  const otherEighth = 39382357235489614581723060781553021112529911719440698176882885853963445705823n;
  const points = [0n, 1n, eighth, otherEighth, modulus - 1n, modulus, modulus + 1n];

  test.each(points)("%d is no public key, with the highest bit or without", (point) => {
    for (const bytes of [bytesOf(point), bytesOf(point + 2n ** 255n)]) {
      expect(isPublicKey(base64(bytes))).toBe(false);
      expect(sharedSecret(randomBytes(32), bytes)).toBeUndefined();
    }
  });

  test("OpenSSL thinks the same of them, and of a real key that it is one", () => {
    const { privateKey } = generateKeyPairSync("x25519");
    const head = Buffer.from("302a300506032b656e032100", "hex");
    const agree = (bytes: Buffer): Buffer => {
      const key = Buffer.concat([head, bytes]);
      return diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: "der", type: "spki" }) });
    };
    for (const point of points) expect(() => agree(bytesOf(point))).toThrow();
    expect(agree(Buffer.from(realKey(), "base64"))).toHaveLength(32);
  });
});

describe("one key has one name, so that who was let go under it does not come back under another", () => {
  test("every real public key is one", () => {
    for (let count = 0; count < 200; count++) expect(isPublicKey(realKey())).toBe(true);
  });

  test.each<[string, (key: string) => string]>([
    ["without padding", (key) => key.replace("=", "")],
    ["with more padding", (key) => `${key}=`],
    [
      "in the URL alphabet",
      (key) =>
        base64(Buffer.from(key, "base64").fill(0xfb, 0, 3))
          .replaceAll("+", "-")
          .replaceAll("/", "_"),
    ],
    ["with bits left over", (key) => `${key.slice(0, 42)}${nextLetter(key[42] ?? "")}=`],
    ["with the highest bit", (key) => withHighBit(key)],
    ["with a blank", (key) => ` ${key}`],
    ["with a line end", (key) => `${key}\n`],
    ["in hexadecimal", (key) => Buffer.from(key, "base64").toString("hex")],
  ])("%s it is none", (_, change) => {
    for (let count = 0; count < 50; count++) expect(isPublicKey(change(realKey()))).toBe(false);
  });

  test("of two texts that are public keys, no two mean the same point", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = base64(bytes);
        const number = BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);
        if (isPublicKey(text)) expect(base64(bytesOf((number % 2n ** 255n) % modulus))).toBe(text);
      }),
    );
  });

  test("the cluster's secret is read in each alphabet, and is the same bytes then", () => {
    const bytes = Buffer.from("fbef".repeat(16), "hex");
    const forms = [base64(bytes), base64(bytes).replace("=", ""), bytes.toString("base64url")];
    for (const form of forms) expect(decodeKey(form)).toEqual(new Uint8Array(bytes));
    expect(decodeKey(`${base64(bytes).slice(0, 42)}${nextLetter(base64(bytes)[42] ?? "")}=`)).toBeUndefined();
  });
});

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** Differs only in the two bits that 32 bytes leave over. */
const nextLetter = (letter: string): string => letters[letters.indexOf(letter) | 1] ?? "";

function withHighBit(key: string): string {
  const bytes = Buffer.from(key, "base64");
  bytes[31] = (bytes[31] ?? 0) | 128;
  return base64(bytes);
}
