import { hash } from "node:crypto";

/** The largest size of the file in bytes. */
export const largestJournal = 8 * 1024 * 1024;

/** What has to follow the ledger's file and the entries behind it. */
export interface JournalEnd {
  /** The digest of what was written last. */
  readonly digest: string;
  /** The size of the entries so far, and of the ledger's file, in bytes. */
  readonly journal: number;
  readonly ledger: number;
}

/** An entry as text, and the end of the journal behind it. */
interface Entry {
  readonly text: string;
  readonly end: JournalEnd;
}

const digestLength = 44;

const digestOf = (before: string, content: string): string => hash("sha256", before + content, "base64");

/** JSON without a character of several bytes, in the middle of which a torn text would be no text at all. */
const inASCII = (json: string): string =>
  json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * Puts an entry behind the others: one line with the texts of the members that differ from what was written before. Its
 * digest covers the digest before it, so an entry is read only behind the very file and the entries after which it was
 * written. `undefined` where the entries would become half as long as the ledger: that is written anew then.
 */
export function entryAfter(end: JournalEnd, items: readonly string[], savedAt: number): Entry | undefined {
  const content = inASCII(`{"savedAt":${savedAt},"members":[${items.join(",")}]}`);
  const digest = digestOf(end.digest, content);
  const text = `${digest} ${content}\n`;
  const journal = end.journal + text.length;
  if (journal > end.ledger / 2 || journal > largestJournal) return undefined;
  return { text, end: { ...end, digest, journal } };
}

/** The texts of the entries that were written after a file with this digest, up to the first one that is damaged or torn. */
export function contentsAfter(digest: string, journal: string): string[] {
  const contents: string[] = [];
  let before = digest;
  for (const line of journal.split("\n")) {
    const [stated, content] = [line.slice(0, digestLength), line.slice(digestLength + 1)];
    if (stated !== digestOf(before, content)) break;
    contents.push(content);
    before = stated;
  }
  return contents;
}

/** The texts that are new or others than before, by node id; `undefined` if one of those before is there no more. */
export function changedItems(
  before: ReadonlyMap<string, string>,
  items: ReadonlyMap<string, string>,
): string[] | undefined {
  const changed: string[] = [];
  let known = 0;
  for (const [nodeId, item] of items) {
    const earlier = before.get(nodeId);
    if (earlier !== undefined) known++;
    if (earlier !== item) changed.push(item);
  }
  return known === before.size ? changed : undefined;
}
