import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hexText, hexWord, numberOfBytes, parseNumber, wordOf } from "../../../src/base/number.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^[0-9a-fA-FxX+\-_.n ]{0,24}$/),
  fc.constantFrom(
    "",
    "0x",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1\n",
    "0b1",
    "0o7",
    "1e3",
    "1n",
    "1_000",
    "١",
    "Infinity",
  ),
);

describe("a number of a tool", () => {
  test("comes back as it was written, in either base", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        expect(parseNumber(String(value))).toBe(value);
        expect(parseNumber(hexText(value))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.nat(0xffffffff), (value) => {
        expect(wordOf(value)).toBe(value);
        expect(
          [String(value), hexText(value), hexWord(value), hexText(value).toUpperCase()].map(wordOf),
        ).toEqual(Array(4).fill(value));
        expect(hexWord(value)).toHaveLength(10);
      }),
    );
  });

  test("is nothing else: no sign, no blank, no other base, and no more bits", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const [number, word] = [parseNumber(text), wordOf(text)];
        const isNumber = /^(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})$/.test(text) && BigInt(text) < 2n ** 64n;
        expect(number).toBe(isNumber ? BigInt(text) : undefined);
        expect(word).toBe(isNumber && BigInt(text) < 2n ** 32n ? Number(text) : undefined);
      }),
    );
  });

  test.each<unknown>([-1, 1.5, 2 ** 32, Number.NaN, Infinity, null, undefined, true, [], {}, 1n])(
    "no word of JSON: %s",
    (value) => {
      expect(wordOf(value)).toBeUndefined();
    },
  );

  test("what has a sign is written as its bits", () => {
    expect([hexText(~0x60), hexWord(~0x60), hexText(1 << 31)]).toEqual([
      "0xffffff9f",
      "0xffffff9f",
      "0x80000000",
    ]);
  });

  test("bytes count from the first one on", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(numberOfBytes(bytes)).toBe(bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
        const inside = Uint8Array.of(1, ...bytes, 2).subarray(1, -1); // a view of a longer buffer
        expect(numberOfBytes(inside)).toBe(numberOfBytes(bytes));
      }),
    );
  });
});
