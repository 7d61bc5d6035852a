import { createHash } from "node:crypto";
import { type ClusterRecord, parseRecord, recordText } from "./record.ts";

const head = "kubespan discovery snapshot 1";

/**
 * The text of a snapshot: a line with the format, a line for each affiliate, and a SHA-256 over all of them. `now` is
 * in milliseconds since 1970.
 */
export function snapshotText(records: readonly ClusterRecord[], now: number): string {
  const body = [head, ...records.map((record) => recordText(record, now)), ""].join("\n");
  return `${body}${digest(body)}\n`;
}

/** Parses a snapshot. If any part is damaged, nothing of it is used. */
export function parseSnapshot(text: string, now: number): { records: ClusterRecord[] } | { refused: string } {
  const end = text.lastIndexOf("\n", text.length - 2) + 1;
  const body = text.slice(0, end);
  if (!body.startsWith(`${head}\n`)) return { refused: "it is not a snapshot of this version" };
  if (text.slice(end) !== `${digest(body)}\n`) return { refused: "it is torn or damaged" };
  const records: ClusterRecord[] = [];
  for (const line of body.split("\n").slice(1, -1)) {
    const record = parseRecord(line, now);
    if (!record) return { refused: "it holds something else than affiliates" };
    records.push(record);
  }
  return { records };
}

const digest = (body: string): string => createHash("sha256").update(body).digest("hex");
