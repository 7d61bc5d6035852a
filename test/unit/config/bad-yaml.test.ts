import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/index.ts";
import { complaints, identity, talos } from "./documents.ts";

/** What stands before an identity, which itself is right. */
const before = (text: string): string => `${text}\n---\n${identity}`;

describe("text that is not YAML, or more of it than is good", () => {
  test.each([
    ["a: b: c", "1:4: not valid YAML: a second ': ' in one line; put the value in quotes"],
    ["a:\n\tb: 1", "2:1: not valid YAML: indented with a tab; use spaces"],
    [
      "a: 'open",
      "7:1: not valid YAML: a character is missing here: a closing quote, a bracket, a comma, or the space after a colon",
    ],
    ["a: @b", "1:4: not valid YAML: a plain value cannot begin with this character; put it in quotes"],
    ["a: !secret b", "1:4: not valid YAML: a tag ('!...') that is not known here; remove it"],
    ["a: }", "1:4: not valid YAML: unexpected text"],
    ["a: 1\na: 2", '2:1: "a" stands here twice'],
    ["a: *nowhere", "1:4: this alias refers to an anchor that does not exist"],
    ["? [a]\n: b", "1:3: not valid YAML: a key must be text"],
  ])("%j", (text, complaint) => {
    expect(complaints(before(text))).toContain(complaint);
  });

  test("a broken document hides the identity: only what is broken is complained of", () => {
    expect(complaints(identity.replace("clusterSecret: ", "clusterSecret: {"))).toHaveLength(1);
  });

  const nested = Array.from({ length: 30 }, (_, level) => `${" ".repeat(level)}a:\n`).join("");
  test.each<[string, string, string]>([
    ["nesting", nested, "nested deeper than 16 levels"],
    ["deep brackets", `a: ${"[".repeat(20_000)}`, "nested too deeply"],
    ["deep brackets that close", `a: ${"[".repeat(3000)}${"]".repeat(3000)}`, "nested"],
    ["deep lists", `a: ${"- ".repeat(100_000)}`, ""],
    [
      "a bomb of aliases",
      `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from(
        { length: 9 },
        (_, level) => `a${level + 1}: &a${level + 1} [${Array(10).fill(`*a${level}`).join(", ")}]\n`,
      ).join("")}`,
      "the file holds too many values",
    ],
    ["an alias of itself", "a: &a [*a]", "nested deeper than 16 levels"],
    [
      "many keys",
      Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join("\n"),
      "the file holds too many values",
    ],
    ["many documents", "a\n---\n".repeat(60_000), "the document is"],
  ])("%s: refused, and soon", (_, text, complaint) => {
    const lines = complaints(before(text));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(51);
    expect(lines.join("\n")).toContain(complaint);
  });

  test("more than 1 MiB is not even read", () => {
    const padding = "#".repeat(1024 * 1024 - talos.length);
    expect(complaints(talos + padding)).toEqual([]);
    expect(() => parseConfig(`${talos}${padding}#`, "FILE")).toThrow("FILE is larger than 1048576 bytes");
  });
});

describe("names that every JavaScript object has", () => {
  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "%s is an unknown key like any other",
    (name) => {
      const text = `${identity}${name}: {enabled: true}\n`;
      expect(complaints(text)).toEqual([
        expect.stringMatching(new RegExp(`^5:1: "?${name}"? is not known here`)),
      ]);
    },
  );
});
