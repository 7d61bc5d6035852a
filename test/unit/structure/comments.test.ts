import { globSync } from "node:fs";
import { expect, test } from "vitest";
import { filesIn, root, textOf } from "./source.ts";

const files = filesIn("src", "sim", "lab", "demo", "bench", "scripts");

/** What a docstring begins with when it leaves its subject out, or when it needs another one to be understood. */
const elliptic =
  /^(?:of|the same|same|how|who|whoever|whose|where|when|as|by|also|see|and|but|then|best|worst|ms|bytes|seconds|milliseconds|it|its|they|ours)\b/i;

const docstring = /\/\*\*\s+(?:\* )?((?:(?!\*\/)[\s\S])*?)\s*\*\//g;

const docstringsOf = (file: string): string[] =>
  [...textOf(file).matchAll(docstring)].map(([, text = ""]) => text.replace(/\s*\n\s*\* ?/g, " ").trim());

test("every docstring names its subject: it begins with the thing, or with what a function does", () => {
  const all = files.flatMap((file) => docstringsOf(file).map((text) => ({ file, text })));
  expect(all.length).toBeGreaterThan(500);
  expect(all.filter(({ text }) => elliptic.test(text) || text.split(" ").length < 3)).toEqual([]);
});

/** Each block of lines that are comments, as one text. */
const commentsOf = (text: string): string[] =>
  [...text.matchAll(/(?:^[ \t]*\/\/.*\n)+/gm)].map(([block]) => block.replace(/\s*\/\/ ?/g, " ").trim());

const isSentence = (text: string): boolean =>
  /^[A-Z]/.test(text) && text.endsWith(".") && text.split(" ").length > 4 && !elliptic.test(text);

test("comments of the wire format are sentences, too", () => {
  const all = globSync("src/**/*.proto", { cwd: root }).flatMap((file) => commentsOf(textOf(file)));
  expect(all.length).toBeGreaterThan(15);
  expect(all.filter((text) => !isSentence(text))).toEqual([]);
});

test.each([
  ["/** Of this node. */", true],
  ["/** The same, for the other family. */", true],
  ["/** How long an answer may take. */", true],
  ["/** Bytes. */", true],
  ["/** The longest time that an answer may take. */", false],
  ["/**\n * Reads the file.\n * It may be missing.\n */", false],
])("%j leaves its subject out: %s", (comment, expected) => {
  const [, text = ""] = [...comment.matchAll(docstring)][0] ?? [];
  expect(elliptic.test(text)).toBe(expected);
});
