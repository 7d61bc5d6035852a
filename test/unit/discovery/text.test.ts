import fc from "fast-check";
import { expect, test } from "vitest";
import { isNodeId, isPrintable, printable } from "../../../src/discovery/text.ts";

test.each(["\u001b[31m", "a\nb", "\u009b", "\u202e", "\u200b", "\u2028", "\ufffd", "\ud800", "\u007f"])(
  "%j is not printable",
  (text) => {
    expect(isPrintable(text)).toBe(false);
    expect(isPrintable(printable(text))).toBe(true);
    expect(isNodeId(`a${text}`)).toBe(false);
  },
);

test.each(["", "Debian GNU/Linux 13 (trixie)", "Köln", "節点"])("%j is printable", (text) => {
  expect(isPrintable(text)).toBe(true);
  expect(printable(text)).toBe(text);
});

test("any text becomes printable and bounded", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      expect(isPrintable(printable(text, 50))).toBe(true);
      expect(printable(text, 50).length).toBeLessThanOrEqual(53);
    }),
  );
});
