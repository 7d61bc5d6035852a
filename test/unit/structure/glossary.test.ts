import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { schemas } from "../../../src/config/kinds.ts";
import { root, textOf } from "./source.ts";

const glossary = textOf("docs/glossary.md");

/** The rows of the table between two marks, without its head; each is a list of cells. */
function rowsOf(mark: string): string[][] {
  const table = new RegExp(`<!-- ${mark} -->\\n([\\s\\S]*?)<!-- end -->`).exec(glossary)?.[1] ?? "";
  const [, , ...rows] = table.trim().split("\n");
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

const column = (rows: readonly string[][], index: number): string[] => rows.map((row) => row[index] ?? "");

const terms = rowsOf("terms");
const statusWords = rowsOf("status");

test.each([
  ["terms", terms, 4, 50],
  ["status", statusWords, 2, 25],
] as const)("the table of %s is whole, sorted and without a word twice", (_, rows, cells, least) => {
  expect(rows.length).toBeGreaterThan(least);
  expect(rows.filter((row) => row.length !== cells || row.includes(""))).toEqual([]);
  const words = column(rows, 0).map((word) => word.toLowerCase());
  expect(words).toEqual([...new Set(words)].toSorted());
});

test("every room that the glossary names exists", () => {
  const rooms = column(terms, 2);
  expect(rooms.filter((room) => !/^`src\/[a-z-]+`$/.test(room))).toEqual([]);
  expect(rooms.filter((room) => !existsSync(join(root, room.replaceAll("`", "")))).toSorted()).toEqual([]);
});

test("every meaning of a term is one or two full sentences", () => {
  const odd = column(terms, 1).filter((meaning) => {
    const sentences = meaning.match(/[^.]+(?:\.(?=\w)[^.]+)*\.(?= |$)/g) ?? [];
    return sentences.length < 1 || sentences.length > 2 || !/^[A-Z].*\.$/.test(meaning);
  });
  expect(odd).toEqual([]);
});

test("every kind of document of the configuration has an entry", () => {
  const known = new Set(column(terms, 0));
  expect(Object.keys(schemas).filter((kind) => !known.has(kind))).toEqual([]);
});

test("every heading of the status has an entry, and every entry is a heading", () => {
  const source = textOf("src/cli/status-text.ts");
  const heads = [...source.matchAll(/"([A-Z]+(?: [A-Z]+)*)"/g)].map(([, word = ""]) => word);
  const names = [...source.matchAll(/\["([a-z ]+)", (?!")\S/g)].map(([, word = ""]) => word);
  const fixed = [...source.matchAll(/push\(\["([a-z ]+)", "/g)].map(([, word = ""]) => word);
  const shown = [...heads, ...names, ...fixed].map((word) => word.toLowerCase());
  const explained = column(statusWords, 0).map((word) => word.toLowerCase());
  expect(explained.toSorted()).toEqual([...new Set(shown)].toSorted());
});

test.each(["README.md", "docs/architecture.md"])("%s leads to the glossary", (file) => {
  expect(textOf(file)).toContain("glossary.md)");
});
