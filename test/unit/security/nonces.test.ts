import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { nonceBytes, sealData } from "../../../src/discovery/seal.ts";
import { key } from "../discovery/samples.ts";

/**
 * One key seals what all nodes say, with 96 random bits as a nonce: NIST SP 800-38D allows 2^32 seals of that kind under one
 * key, where two nonces are the same with a probability of 2^-32. A thousand nodes that each change what they say once in ten
 * seconds need five hundred days for that (docs/security.md).
 */
test("a million seals repeat no nonce and no ciphertext", { timeout: 900_000 }, () => {
  const count = 1_000_000;
  const plain = Buffer.from("the same, every time");
  const heads = new BigUint64Array(count);
  const tails = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const sealed = sealData(key, randomBytes(nonceBytes), plain);
    heads[index] = sealed.readBigUInt64LE(0);
    tails[index] = sealed.readUInt32LE(nonceBytes); // of the ciphertext
  }
  // By the birthday bound, the first 64 of the 96 bits repeat once in 37 million such tests.
  expect(new Set(heads).size).toBe(count);
  // 32 bits of as many ciphertexts of one text: some 116 pairs by chance; a repeated key stream would make them all alike.
  expect(count - new Set(tails).size).toBeLessThan(1000);
});
