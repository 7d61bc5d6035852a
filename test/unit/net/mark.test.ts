import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hardwareAddressText, parseHardwareAddress } from "../../../src/net/hardware-address.ts";
import {
  bitsRead,
  everyBit,
  maskedMark,
  maskedText,
  maskOf,
  parseMaskedMark,
  steeredMark,
} from "../../../src/net/mark.ts";

const word = fc.nat(everyBit);

describe("a mark with its mask", () => {
  test("comes back as it was written", () => {
    fc.assert(
      fc.property(word, word, (value, mask) => {
        expect(parseMaskedMark(maskedText({ value, mask }))).toEqual({ value, mask });
        expect(parseMaskedMark(`${value}/${mask}`)).toEqual({ value, mask });
        expect(parseMaskedMark(String(value))).toEqual({ value, mask: everyBit });
        expect(maskedMark(value, undefined)).toEqual({ value, mask: everyBit });
      }),
    );
  });

  test("is two words, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-fx/]{0,24}$/)), (text) => {
        const { value, mask } = parseMaskedMark(text);
        for (const each of [value, mask, bitsRead({ value, mask })]) expect(each >>> 0).toBe(each);
      }),
    );
  });

  test("looks at the bits of its mask, and as a whole at those that it has", () => {
    expect(bitsRead(parseMaskedMark("0x40/0x60"))).toBe(0x60);
    expect(bitsRead(parseMaskedMark("0xca6c"))).toBe(0xca6c);
  });

  test("of the mesh has both bits in the mask, also the highest", () => {
    const marks = { fromWireGuard: 0x20, toWireGuard: 0x80000000 };
    expect(maskOf(marks)).toBe(0x80000020);
    expect(maskedText(steeredMark(marks))).toBe("0x80000000/0x80000020");
  });
});

test("a hardware address is six bytes, and no other text is one", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      expect(parseHardwareAddress(hardwareAddressText(bytes))).toEqual(bytes);
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-fA-F:]{0,20}$/)), (text) => {
      const bytes = parseHardwareAddress(text);
      expect(bytes === undefined || hardwareAddressText(bytes) === text).toBe(true);
    }),
  );
});
