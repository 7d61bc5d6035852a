import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { type Problem, shown } from "./problem.ts";

/** One document of the file as plain values, with the place in the text of each value. */
export interface SourceDocument {
  readonly value: unknown;
  /** The offset at which the contents of the document begin. */
  readonly offset: number;
  /**
   * The offset of a value, or of its key (`part: "key"`). If there is no such value, the offset of the nearest
   * enclosing one.
   */
  offsetOf(path: readonly PropertyKey[], part?: "key" | "value"): number;
  /** The characters that a value without quotes is written with, by which a number is a text; `undefined` for others. */
  textOf(path: readonly PropertyKey[]): string | undefined;
}

export interface YamlSource {
  /** The documents without syntax errors; empty documents are left out. */
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly Problem[];
  /** The line and the column of an offset, both counted from 1. */
  readonly position: (offset: number) => { line: number; col: number };
}

const mostNodes = 50_000; // bounds what aliases can unfold to
const deepest = 16;

/** Reads a stream of YAML documents. The messages never quote the text, as it may hold the secret. */
export function readYaml(text: string): YamlSource {
  const lineCounter = new LineCounter();
  const problems: Problem[] = [];
  const documents: SourceDocument[] = [];
  const parsed = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false, // pretty errors quote the text
    stringKeys: true,
    uniqueKeys: false, // the library's check is quadratic; keys are checked below
    logLevel: "silent",
  });
  const budget = { nodes: mostNodes };
  for (const document of parsed) {
    const errors = [...document.errors, ...document.warnings];
    problems.push(...errors.map(({ pos, code }) => ({ offset: pos[0], text: syntaxText(code) })));
    if (errors.length === 0 && document.contents !== null) {
      const read = readDocument(document.contents, {
        document,
        problems,
        offsets: new Map(),
        texts: new Map(),
        budget,
      });
      if (read.value !== null) documents.push(read);
    }
  }
  return {
    documents,
    problems: firstOfEachLine(problems, lineCounter),
    position: (offset) => lineCounter.linePos(Math.max(0, Math.min(offset, text.length))),
  };
}

interface Reading {
  readonly document: Document.Parsed;
  readonly problems: Problem[];
  readonly offsets: Map<string, number>;
  /** The characters of values that are numbers or truth values, by place. */
  readonly texts: Map<string, string>;
  /** The number of values that may still be read, over all documents. */
  readonly budget: { nodes: number };
}

function readDocument(contents: ParsedNode, reading: Reading): SourceDocument {
  const { offsets, texts } = reading;
  const offset = contents.range[0];
  return {
    value: plainValue(contents, [], reading),
    offset,
    offsetOf(path, part = "value") {
      const found = offsets.get(placeKey(path, part)) ?? offsets.get(placeKey(path, "value"));
      return found ?? (path.length === 0 ? offset : this.offsetOf(path.slice(0, -1)));
    },
    textOf: (path) => texts.get(placeKey(path, "value")),
  };
}

const placeKey = (path: readonly PropertyKey[], part: "key" | "value"): string =>
  JSON.stringify([part, ...path.map(String)]);

function plainValue(node: unknown, path: readonly PropertyKey[], reading: Reading): unknown {
  const { document, offsets, budget } = reading;
  const offset = offsetOfNode(node);
  if (offset !== undefined) offsets.set(placeKey(path, "value"), offset);
  const refuse = (text: string): undefined => {
    reading.problems.push({ offset: offset ?? document.range[0], text });
    return undefined;
  };
  if (budget.nodes-- <= 0) return budget.nodes === -1 ? refuse("the file holds too many values") : undefined;
  if (path.length > deepest) return refuse(`nested deeper than ${deepest} levels`);
  if (isAlias(node)) {
    const target = node.resolve(document);
    return target
      ? plainValue(target, path, reading)
      : refuse("this alias refers to an anchor that does not exist");
  }
  if (isScalar(node)) {
    if (typeof node.value !== "string" && node.source)
      reading.texts.set(placeKey(path, "value"), node.source);
    return scalarValue(node);
  }
  if (isSeq(node)) return node.items.map((item, index) => plainValue(item, [...path, index], reading));
  return isMap(node) ? plainMap(node, path, reading) : null;
}

function plainMap(node: YAMLMap, path: readonly PropertyKey[], reading: Reading): Record<string, unknown> {
  const map: Record<string, unknown> = Object.create(null); // without a prototype, "__proto__" is a key like any other
  const merged: unknown[] = [];
  for (const { key: keyNode, value } of node.items) {
    const key = isScalar(keyNode) ? String(keyNode.value) : "";
    if (key === "<<" && isScalar(keyNode) && keyNode.type === "PLAIN") {
      merged.push(...[plainValue(value, path, reading)].flat());
      continue;
    }
    const inside = [...path, key];
    const offset = offsetOfNode(keyNode) ?? reading.document.range[0];
    if (key in map) reading.problems.push({ offset, text: `${shown(key)} stands here twice` });
    reading.offsets.set(placeKey(inside, "key"), offset);
    map[key] = plainValue(value, inside, reading);
  }
  // What stands in the map itself counts first, and then what is merged into it, in its order.
  for (const other of merged)
    for (const [key, value] of Object.entries(Object(other))) if (!(key in map)) map[key] = value;
  return map;
}

/** A number with a leading zero is octal, as in YAML 1.1 and for Talos' reader. */
const scalarValue = ({ value, source }: Scalar): unknown =>
  typeof value === "number" && /^0[0-7_]+$/.test(source ?? "")
    ? Number(`0o${source?.replaceAll("_", "")}`)
    : value;

const offsetOfNode = (node: unknown): number | undefined =>
  isAlias(node) || isScalar(node) || isSeq(node) || isMap(node) ? node.range?.[0] : undefined;

/** Keeps the first error of each line, as the errors after it are mostly its consequences. */
function firstOfEachLine(problems: readonly Problem[], lines: LineCounter): Problem[] {
  const seen = new Set<number>();
  return problems.filter(({ offset }) => {
    const { line } = lines.linePos(offset);
    return !seen.has(line) && seen.add(line);
  });
}

const syntaxTexts: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: "the indentation does not fit what stands above it",
  BAD_SCALAR_START: "a plain value cannot begin with this character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a second ': ' in one line; put the value in quotes",
  MISSING_CHAR:
    "a character is missing here: a closing quote, a bracket, a comma, or the space after a colon",
  MULTILINE_IMPLICIT_KEY: "a key without ':' after it",
  NON_STRING_KEY: "a key must be text",
  RESOURCE_EXHAUSTION: "nested too deeply",
  TAB_AS_INDENT: "indented with a tab; use spaces",
  TAG_RESOLVE_FAILED: "a tag ('!...') that is not known here; remove it",
  BAD_DIRECTIVE: "a directive ('%...') that is not known here; remove it",
};

const syntaxText = (code: ErrorCode): string => `not valid YAML: ${syntaxTexts[code] ?? "unexpected text"}`;
