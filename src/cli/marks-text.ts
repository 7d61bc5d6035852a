import { hexWord } from "../base/index.ts";
import type { Collision } from "../marks/index.ts";
import { columns, fittingTable, oneLine, wrapped } from "./render.ts";

interface Answer {
  /** The bits that were asked for. */
  readonly bits: number;
  readonly collisions: readonly Collision[];
  /** The reasons why something of this machine was not compared. */
  readonly unread: readonly string[];
  readonly free: number;
}

/** What `kubespan marks` prints on a terminal: one table for each source, no line longer than a terminal is wide. */
export function marksText({ bits, collisions, unread, free }: Answer): string {
  const tables = [...Map.groupBy(collisions, ({ source }) => source)].map(
    ([source, found]) => `${wrapped(titleOf(source), columns).join("\n")}\n${tableOf(found)}\n\n`,
  );
  const nobody = collisions.length === 0 ? `Nobody is known to use ${hexWord(bits)}.\n` : "";
  const missed = unread.flatMap((reason) => wrapped(oneLine(`not compared: ${reason}`), columns));
  return `${tables.join("")}${nobody}${missed.map((line) => `${line}\n`).join("")}Bits that no known program uses: ${hexWord(free)}\n`;
}

const titleOf = (source: string): string =>
  source === "known" ? "Programs whose bits are known:" : oneLine(`In the rules of ${source}:`);

const tableOf = (collisions: readonly Collision[]): string =>
  fittingTable(
    ["BITS", "WHO", "WHAT"],
    collisions.map(({ who, bits, what }) => [bits === 0 ? "all" : hexWord(bits), who, what]),
  );
