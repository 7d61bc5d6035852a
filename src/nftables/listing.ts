import { hexText, parseNumber } from "../base/index.ts";
import { Remembered } from "../net/index.ts";
import type { Count, Counts } from "./counters.ts";
import { withProtocolNumbers } from "./protocols.ts";

/**
 * The table in the kernel, as `nft list table` shows it:
 * - `absent`: there is no such table
 * - `foreign`: there is one, but not in a form that this program makes
 * - `present`: `frame` is everything but the elements and the counts, normalised; the elements stand as nft prints them
 */
export type ObservedTable =
  | { readonly kind: "absent" }
  | { readonly kind: "foreign" }
  | {
      readonly kind: "present";
      readonly frame: string;
      /** The elements by the name of their set: `10.0.0.0/8`, `192.168.1.7` or `172.16.0.3-172.16.0.9`. */
      readonly elements: ReadonlyMap<string, readonly string[]>;
      /** The counts of the counters that have a name. */
      readonly counts: Counts;
      /** The owner of the table: none if it was not made to have one, `gone` if it has none at the moment. */
      readonly owner: "none" | "gone" | "somebody";
    };

const elementForm = /^[0-9a-fA-F.:]{2,45}(?:\/\d{1,3}|-[0-9a-fA-F.:]{2,45})?$/;

/**
 * Reads the listing of one table; `undefined` means that there is none. Never throws: a table that it cannot read is
 * `foreign`, and gets replaced as a whole.
 */
export function parseTable(listing: string | undefined): ObservedTable {
  if (listing === undefined) return { kind: "absent" };
  const frame: string[] = [];
  const elements = new Map<string, readonly string[]>();
  // Everything between `elements = {` and the next brace is a list; all the rest is the frame, line by line.
  const [head = "", ...parts] = listing.split(/^[ \t]*elements = \{/m);
  frame.push(...frameLines(head));
  for (const part of parts) {
    const end = part.indexOf("}");
    const set = lastSet(frame);
    const list = end < 0 ? undefined : parseElements(part.slice(0, end));
    if (!list || set === undefined || elements.has(set)) return { kind: "foreign" };
    elements.set(set, list);
    frame.push(...frameLines(part.slice(end + 1)));
  }
  return { kind: "present", ...withoutCounts(withoutOwner(frame)), elements, owner: ownerIn(frame) };
}

/**
 * The flags of a table with an owner, in the line after the head. The kernel takes the one for the owner away when that
 * ends, and a version of nft that knows no other has nothing to say then.
 */
const ownerFlags = /^flags(?: (?:(owner)(?:, ?persist)?|persist))?$/;

function ownerIn([, line = ""]: readonly string[]): "none" | "gone" | "somebody" {
  const found = ownerFlags.exec(line);
  if (!found) return "none";
  return found[1] === undefined ? "gone" : "somebody";
}

/** Takes the flags and the name of the owner out of the lines. Both say nothing about what the table does. */
const withoutOwner = ([head = "", ...lines]: readonly string[]): string[] => [
  head.replace(/\{ # progname .*$/, "{"),
  ...(ownerFlags.test(lines[0] ?? "") ? lines.slice(1) : lines),
];

/** Takes the counts out of the lines, because they say nothing about the form of a table. */
function withoutCounts(lines: readonly string[]): { readonly frame: string; readonly counts: Counts } {
  const counts = new Map<string, Count>();
  const kept = lines.filter((line, at) => {
    const [, name] = /^counter (\S+) \{$/.exec(lines[at - 1] ?? "") ?? [];
    const [, packets, bytes] = /^packets (0x[0-9a-f]+) bytes (0x[0-9a-f]+)$/.exec(line) ?? [];
    const counted = { packets: parseNumber(packets ?? ""), bytes: parseNumber(bytes ?? "") };
    if (name === undefined || counted.packets === undefined || counted.bytes === undefined) return true;
    counts.set(name, { packets: counted.packets, bytes: counted.bytes });
    return false;
  });
  return { frame: kept.join("\n"), counts };
}

function parseElements(list: string): string[] | undefined {
  const elements = list.split(",").map((element) => element.trim());
  return elements.every((element) => elementForm.test(element)) ? elements : undefined;
}

const lastSet = (frame: readonly string[]): string | undefined =>
  /^set (\S+) \{$/.exec(frame.findLast((line) => line.endsWith("{")) ?? "")?.[1];

const frameLines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => (line.includes("packets ") ? normaliseLine(line) : normalised.get(line)))
    .filter((line) => line !== "");

/**
 * Brings a line into one form. Versions of nft write operators in words or signs, numbers with or without leading
 * zeros, protocols by name or number, and some brackets and counts.
 */
function normaliseLine(line: string): string {
  return withProtocolNumbers(line)
    .replace(/\s# count \d+$/, "")
    .replace(/[()]/g, " ")
    .trim()
    .split(/\s+/)
    .map((word) => operators[word] ?? numberText(word) ?? word)
    .filter((word) => word !== "==")
    .join(" ")
    .replace(/ & 0xffffffff(?= |$)/g, "")
    .replace(/\bpriority filter;/, "priority 0;");
}

/** The lines of our table, each normalised once: all are there in each pass. Those that count are new each time. */
const normalised = new Remembered<string, string>(normaliseLine);

const operators: Readonly<Record<string, string>> = { and: "&", or: "|", xor: "^" };

function numberText(word: string): string | undefined {
  const number = parseNumber(word);
  return number === undefined ? undefined : hexText(number);
}
