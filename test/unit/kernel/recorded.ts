import { readFileSync } from "node:fs";

/**
 * What was seen after each step of the script on a real kernel, by real tools, one line for each: only what had changed.
 * test/netns/kernel-contract.test.ts wrote it, and holds it to the kernel that it runs on.
 */
export const recordedFile = new URL("recorded.jsonl", import.meta.url);

export const recordedText = (steps: readonly unknown[]): string =>
  steps.map((step) => `${JSON.stringify(step)}\n`).join("");

export const readRecorded = (): unknown[] =>
  readFileSync(recordedFile, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
