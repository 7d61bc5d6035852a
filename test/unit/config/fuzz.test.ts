import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import { parseConfig } from "../../../src/config/index.ts";
import { clusterID, clusterSecret, daemon, talos } from "./documents.ts";

const valid = `${talos}---\n${daemon}`;

/** Pieces that mean something in YAML or here, so that mutations reach deep. */
const piece = fc.oneof(
  fc.constantFrom(
    "\n",
    "\n---\n",
    ": ",
    " ",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "&a ",
    "*a",
    "!",
    "!!set ",
    "|\n",
    "# ",
    "<<: ",
    "? ",
    "\t",
    "%YAML 1.1\n",
    "__proto__: ",
    "null",
    "0x",
    "-1",
    "1e999",
    "kind: ",
    clusterSecret,
    clusterSecret.slice(0, 30),
  ),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 4 }),
);

/** A text with a few cuts: at each, some characters are taken away and a piece or another part of the text put in. */
const mutated = fc
  .array(fc.tuple(fc.nat(valid.length), fc.oneof(fc.nat(4), fc.nat(200)), fc.oneof(piece, part())), {
    minLength: 1,
    maxLength: 4,
  })
  .map((edits) =>
    edits.reduce(
      (text, [at, removed, inserted]) => text.slice(0, at) + inserted + text.slice(at + removed),
      valid,
    ),
  );

function part(): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(valid.length), fc.nat(300)).map(([at, length]) => valid.slice(at, at + length));
}

/** What an operator or a log would see of an error, with everything it refers to. */
function everythingOf(error: Error): string {
  return `${error.stack} ${JSON.stringify(error, Object.getOwnPropertyNames(error))} ${String(error.cause)}`;
}

/** Any part of the secret that is long enough to help a guess. */
const fragments = Array.from({ length: clusterSecret.length - 16 }, (_, at) =>
  clusterSecret.slice(at, at + 17),
);

function check(text: string): void {
  try {
    const config = parseConfig(text, "FILE");
    expect(config.cluster.secret.reveal()).toHaveLength(32);
    expect(JSON.stringify(config.cluster)).toContain('"secret":"[secret]"');
    // A mutation may have made the secret the name of a file, say, which is none.
    const isElsewhere = text.split(clusterSecret).length > 2;
    if (!isElsewhere) expect(JSON.stringify(config)).not.toContain(clusterSecret);
  } catch (error) {
    if (!(error instanceof KubespanError)) throw error;
    expect(error.code).toBe("config");
    const [, ...lines] = error.message.split("\n");
    for (const line of lines) expect(line).toMatch(/^FILE:(?:\d+:\d+: .+| \d+ more)$/u);
    expect(lines.length).toBeGreaterThan(0);
    const everything = everythingOf(error);
    for (const fragment of fragments) expect(everything).not.toContain(fragment);
  }
}

describe("parseConfig gives a configuration or one error with positions, and never the secret", () => {
  test("for mutations of a valid file", () => {
    fc.assert(fc.property(mutated, check), { numRuns: 4000 });
  });

  test("for any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ maxLength: 300 }), fc.json()), check),
      {
        numRuns: 2000,
      },
    );
  });

  test("with the secret put in any place of any value", () => {
    const lines = valid.split("\n");
    for (const [index, line] of lines.entries())
      for (const value of [
        clusterSecret,
        `[${clusterSecret}]`,
        `{${clusterSecret}: 1}`,
        `${clusterSecret}: x`,
        `&${clusterSecret} 1`,
        `*${clusterSecret}`,
        `!${clusterSecret} 1`,
      ]) {
        const replaced = line.replace(/:.*/, `: ${value}`);
        check(lines.with(index, replaced).join("\n"));
        check(lines.with(index, `${line}\n${value}`).join("\n"));
        check(lines.with(index, `${clusterSecret}${line}`).join("\n"));
      }
  });
});

test("the id may be shown, the secret not: the fragments tell them apart", () => {
  expect(fragments.some((fragment) => clusterID.includes(fragment))).toBe(false);
});
