import type { MatrixCell, MatrixLine } from "../api/index.ts";
import { columns, cut, oneLine, wrapped } from "./render.ts";

type Row = Extract<MatrixLine, { cells: unknown }>;
type Untold = Extract<MatrixLine, { problem: string }>;

/** The widths of the columns, which are fixed, as rows are printed before the others are known. */
const widths = [18, 18, 18, 10, 5] as const;

const lineOf = (cells: readonly string[]): string =>
  `${cells
    .map((cell, at) => cell.padEnd(widths[at] ?? 0))
    .join(" ")
    .trimEnd()}\n`;

export const matrixHead = lineOf(["FROM", "TO", "WAY", "ROUND TRIP", "LOSS", "MTU"]);

/** The rows of one node, or the reason why it has none. */
export function matrixText(line: Row | Untold): string {
  if ("problem" in line)
    return wrapped(oneLine(`${line.from.label}: ${line.problem}`), columns)
      .map((each) => `${each}\n`)
      .join("");
  return line.cells.map((cell) => cellText(line.from.label, cell)).join("");
}

function cellText(from: string, { to, way, via, roundTripMs, lossPercent, mtu }: MatrixCell): string {
  return lineOf([
    cut(oneLine(from), widths[0]),
    cut(oneLine(to.label), widths[1]),
    cut(oneLine(via === undefined ? way : `via ${via}`), widths[2]),
    roundTripMs === undefined ? "-" : `${roundTripMs} ms`,
    lossPercent === undefined ? "-" : `${lossPercent}%`,
    mtu === undefined ? "-" : String(mtu),
  ]);
}

/** Whether there is something wrong with a way of a row. */
export const isInTrouble =
  ({ linkMtu }: Pick<Row, "linkMtu">) =>
  ({ way, lossPercent = 0, mtu = 0 }: MatrixCell): boolean =>
    way === "none" || lossPercent > 0 || mtu < linkMtu;
