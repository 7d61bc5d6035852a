import { readFile } from "node:fs/promises";
import { type Block, shellBlocks } from "../netns/readme/blocks.ts";

/** A block of a guide, with the output that the page promises below it. */
export interface Step extends Block {
  readonly expected: readonly string[];
}

/** The steps of a guide in docs/guides, in order. */
export async function stepsOf(page: string): Promise<Step[]> {
  const text = await readFile(new URL(`../../docs/guides/${page}`, import.meta.url), "utf8");
  return stepsIn(text);
}

/** A block of plain text is what the last block of commands before it prints. */
export function stepsIn(text: string): Step[] {
  const steps = shellBlocks(text).map((block) => ({ ...block, expected: [] as string[] }));
  for (const match of text.matchAll(/^```text\n(.*?)^```/gms)) {
    const line = text.slice(0, match.index).split("\n").length;
    const step = steps.findLast((each) => each.line < line);
    if (!step) throw new Error(`line ${line}: no command prints this`);
    step.expected.push(...(match[1] ?? "").split("\n").filter((each) => each.trim() !== ""));
  }
  return steps;
}

/** The first promised line that was not printed, or not in this order. In a promise `…` stands for anything, and a space for many. */
export function missingLine(expected: readonly string[], printed: string): string | undefined {
  const lines = printed.split("\n").map(evenly);
  let from = 0;
  for (const promise of expected) {
    const pattern = new RegExp(
      `^${evenly(promise)
        .split("…")
        .map((part) => RegExp.escape(part))
        .join(".*")}$`,
    );
    const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
    if (at === -1) return promise;
    from = at + 1;
  }
  return undefined;
}

const evenly = (line: string): string => line.trim().replaceAll(/\s+/g, " ");
