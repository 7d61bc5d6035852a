import { KubespanError } from "../base/index.ts";

/** One problem in the text of the configuration; `offset` counts UTF-16 units from its start. */
export interface Problem {
  readonly offset: number;
  readonly text: string;
}

/** Something that an operator should know about a text that is accepted. */
export type Notice = Problem;

const mostReported = 50;
const longestShown = 60;

/** One error with all problems in the order of the file, each as `file:line:column: text`. */
export function configError(
  file: string,
  problems: readonly Problem[],
  position: (offset: number) => { line: number; col: number },
): KubespanError {
  const lines = placed(file, problems, position).slice(0, mostReported);
  const rest = problems.length - lines.length;
  if (rest > 0) lines.push(`${file}: ${rest} more`);
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return new KubespanError("config", `the configuration has ${count}:\n${lines.join("\n")}`, {
    hint: `correct the file, then check it with: kubespan validate ${file}`,
  });
}

/** Each in the order of the file, as `file:line:column: text`. */
export const placed = (
  file: string,
  problems: readonly Problem[],
  position: (offset: number) => { line: number; col: number },
): string[] =>
  problems
    .toSorted((left, right) => left.offset - right.offset)
    .map(({ offset, text }) => {
      const { line, col } = position(offset);
      return `${file}:${line}:${col}: ${text}`;
    });

/**
 * A value in a form that a message may hold: short, on one line, and never key material, even if a key was pasted into
 * the wrong place. A run of 16 or more base64 characters with capitals, small letters and digits counts as key
 * material.
 */
export function shown(value: unknown): string {
  if (value === null) return "empty";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : "not a plain value";
}

function quoted(text: string): string {
  const cut = text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
  return JSON.stringify(withoutKeys(cut)).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}

const withoutKeys = (text: string): string =>
  text.replaceAll(/[A-Za-z0-9+/_=-]{16,}/g, (run) =>
    /[A-Z]/.test(run) && /[a-z]/.test(run) && /\d/.test(run) ? "…" : run,
  );

/** ` (did you mean "x"?)` with the known word that is nearest to a misspelt one; empty when no word is near. */
export function suggestion(word: string, known: readonly string[]): string {
  if (word.length > longestShown) return "";
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 4)))
    .toSorted((left, right) => left.distance - right.distance)[0];
  return near ? ` (did you mean ${JSON.stringify(near.candidate)}?)` : "";
}

/** Levenshtein's distance: the least number of letters to insert, remove or replace. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
