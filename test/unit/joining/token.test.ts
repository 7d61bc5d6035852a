import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KubespanError, Secret } from "../../../src/base/index.ts";
import { decodeToken, encodeToken, type Token } from "../../../src/joining/index.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const url = fc.constantFrom(
  "https://192.0.2.10:3000/",
  "https://[2001:db8::1]:3000/",
  "https://discovery.example.org/",
  "http://10.0.0.1:3000/",
);
const clusterId = fc.oneof(
  bytes32.map((raw) => Buffer.from(raw).toString("base64")),
  fc.constantFrom("home", "büro", "AAAA", `${"A".repeat(43)}B`),
);

const tokens: fc.Arbitrary<Token> = fc
  .record({
    id: clusterId,
    secret: bytes32,
    services: fc.array(fc.record({ url, isOurs: fc.boolean() }), { maxLength: 4 }),
    authority: bytes32,
    key: fc.option(bytes32, { nil: undefined }),
    operators: fc.array(bytes32, { maxLength: 8 }),
  })
  .map(({ id, secret, services, authority, key, operators }) => ({
    cluster: { id, secret: new Secret(secret) },
    services,
    authority,
    ...(key && { authorityKey: new Secret(key) }),
    ...(operators.length > 0 && {
      operatorKeys: operators.map((each) => Buffer.from(each).toString("base64")),
    }),
  }));

const plain = (token: Token) => ({
  ...token,
  cluster: { id: token.cluster.id, secret: token.cluster.secret.revealBase64() },
  services: token.services.toSorted((left, right) => Number(left.isOurs) - Number(right.isOurs)),
  authority: token.authority && Buffer.from(token.authority).toString("hex"),
  authorityKey: token.authorityKey?.revealBase64(),
});

function refusal(text: string): KubespanError {
  try {
    decodeToken(text);
  } catch (error) {
    if (error instanceof KubespanError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

const example = encodeToken({
  cluster: { id: randomBytes(32).toString("base64"), secret: new Secret(randomBytes(32)) },
  services: [{ url: "https://192.0.2.10:3000/", isOurs: true }],
  authority: randomBytes(32),
});

describe("a token", () => {
  test("says after reading what was written", () => {
    fc.assert(
      fc.property(tokens, (token) => {
        const text = encodeToken(token);
        expect(text).toMatch(/^kubespan1\.[A-Za-z0-9_-]+$/);
        expect(plain(decodeToken(text))).toEqual(plain(token));
      }),
    );
  });

  test("with any one character replaced by any other is refused, and called mistyped", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    for (let place = "kubespan1.".length; place < example.length; place++)
      for (const character of alphabet) {
        if (example[place] === character) continue;
        const { message, hint } = refusal(example.slice(0, place) + character + example.slice(place + 1));
        expect(message).toContain("typing error");
        expect(hint).toContain("copy it again");
      }
  });

  test("with a character missing, doubled or swapped with the next, or cut off anywhere, is refused", () => {
    for (let place = 0; place < example.length; place++) {
      refusal(example.slice(0, place) + example.slice(place + 1));
      refusal(example.slice(0, place) + example[place] + example.slice(place));
      refusal(example.slice(0, place));
      const [one = "", other = ""] = [example[place], example[place + 1]];
      if (other !== "" && one !== other)
        refusal(example.slice(0, place) + other + one + example.slice(place + 2));
    }
  });

  test("with an error in its first word or its version is no token, or mistyped", () => {
    for (let place = 0; place < "kubespan1.".length; place++)
      for (const character of "x29")
        if (example[place] !== character)
          expect(refusal(example.slice(0, place) + character + example.slice(place + 1)).message).toMatch(
            /no token of kubespan|typing error/,
          );
  });

  test("of a later version is named as that", () => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(Buffer.from("new"), crc32("kubespan2.")));
    const later = `kubespan2.${Buffer.concat([Buffer.from("new"), sum]).toString("base64url")}`;
    expect(refusal(later).message).toContain("later version");
  });

  test("never shows a part of itself in a refusal", () => {
    fc.assert(
      fc.property(tokens, fc.nat(), (token, at) => {
        const text = encodeToken(token);
        const place = 10 + (at % (text.length - 10));
        const { message, hint } = refusal(`${text.slice(0, place)}!${text.slice(place + 1)}`);
        expect(`${message} ${hint}`).not.toContain(text.slice(12, 24));
      }),
    );
  });

  test("that is any text or any bytes at all is refused with a reason", () => {
    const framed = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((content) => {
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(content, crc32("kubespan1.")));
      return `kubespan1.${Buffer.concat([content, sum]).toString("base64url")}`;
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), framed), (text) => {
        expect(refusal(text).code).toBe("usage");
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["a service that is no URL", { services: [{ url: "ftp://x", isOurs: false }] }, "no URL"],
    [
      "a service of an authority without a fingerprint",
      { services: [{ url: "https://a/", isOurs: true }] },
      "fingerprint",
    ],
    ["a fingerprint that is too short", { authority: Buffer.alloc(31) }, "fingerprint"],
    [
      "too many services",
      { services: Array.from({ length: 33 }, () => ({ url: "https://a/", isOurs: false })) },
      "more than 32",
    ],
  ])("with %s is refused", (_, difference, reason) => {
    const token = {
      cluster: { id: "home", secret: new Secret(Buffer.alloc(32, 1)) },
      services: [],
      ...difference,
    };
    expect(refusal(encodeToken(token)).message).toContain(reason);
  });
});
