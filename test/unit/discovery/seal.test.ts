import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openBlocks, openData, sealBlocks, sealData } from "../../../src/discovery/seal.ts";
import { key, otherKey } from "./samples.ts";

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes).toString("hex");
const bytes = (text: string): Buffer => Buffer.from(text, "hex");
const nonce = bytes("a0a1a2a3a4a5a6a7a8a9aaab");

/** Made with Python's cryptography (AESGCM, Cipher ECB) and, the first block vector, again with `openssl enc`. */
const sealedHello = "a0a1a2a3a4a5a6a7a8a9aaab8e7d10412ab469edeb6fa84bae4731a07dbf70c564";
const blockVectors = [
  ["0a04c000020110ec9403", "1945e54a18084c4f1c2a3e349c1f8fc8"],
  [
    "0a10fd00000000000000000000000000000910ec9403",
    "18d8f361863095b08c52b5c6de56a3c934a813ad23c2566d397ef18c494f1911",
  ],
] as const;

describe("data", () => {
  test("is nonce, AES-256-GCM ciphertext and tag", () => {
    expect(hex(sealData(key, nonce, Buffer.from("hello")))).toBe(sealedHello);
    expect(openData(key, bytes(sealedHello))?.toString()).toBe("hello");
  });

  test("does not open with another key, shortened, or with any bit changed", () => {
    const sealed = bytes(sealedHello);
    expect(openData(otherKey, sealed)).toBeUndefined();
    for (let length = 0; length < sealed.length; length++)
      expect(openData(key, sealed.subarray(0, length))).toBeUndefined();
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openData(key, changed)).toBeUndefined();
    }
  });

  test("opens to what was sealed, and random bytes do not open", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 2100 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        (plain, salt) => {
          expect(hex(openData(key, sealData(key, salt, plain)))).toBe(hex(plain));
          expect(openData(key, plain)).toBeUndefined();
        },
      ),
    );
  });
});

describe("blocks", () => {
  test.each(blockVectors)("of %s", (plain, sealed) => {
    expect(hex(sealBlocks(key, bytes(plain)))).toBe(sealed);
    expect(hex(openBlocks(key, bytes(sealed)))).toBe(plain);
  });

  test("open to what was sealed, and are equal for equal bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 255 }), (plain) => {
        const sealed = sealBlocks(key, plain);
        expect(sealed.equals(sealBlocks(key, plain))).toBe(true);
        expect(hex(openBlocks(key, sealed))).toBe(hex(plain));
      }),
    );
  });

  test("that are no whole blocks, were made with another key, or carry a spare block do not open", () => {
    const sealed = sealBlocks(key, bytes(blockVectors[0][0]));
    expect(openBlocks(key, new Uint8Array())).toBeUndefined();
    expect(openBlocks(key, sealed.subarray(0, 15))).toBeUndefined();
    expect(openBlocks(otherKey, sealed)).toBeUndefined();
    expect(openBlocks(key, Buffer.concat([sealed, sealed]))).toBeUndefined();
  });

  test("of any bytes give bytes or nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (sealed) => {
        const plain = openBlocks(key, sealed);
        if (plain) expect(hex(sealBlocks(key, plain))).toBe(hex(sealed));
      }),
    );
  });
});
